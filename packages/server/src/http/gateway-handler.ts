/** The gateway's own port: says that the process is up. Model surfaces are served here when they are configured. */
import type { RequestHandler } from "../runtime/runtime.ts";
import { unknownPathResponse, wrongMethodResponse } from "./error-response.ts";
import { jsonResponse } from "./json-response.ts";

export const gatewayHandler: RequestHandler = (request) => {
  if (request.path !== "/health") return Promise.resolve(unknownPathResponse(request.method, request.path));
  if (request.method !== "GET") return Promise.resolve(wrongMethodResponse(request.method, ["GET"]));
  return Promise.resolve(jsonResponse(200, { status: "ok" }));
};
