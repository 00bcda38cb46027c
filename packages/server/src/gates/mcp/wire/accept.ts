/** What a client takes for an answer (`Accept`), and whether its body is JSON (`Content-Type`). Pure. */

export interface Accepted {
  readonly json: boolean;
  readonly stream: boolean;
}

/** A stream must be asked for by name; JSON also by a wildcard or by saying nothing. */
export function readAccept(header: string | undefined): Accepted {
  const types = (header ?? "*/*").split(",").map((part) => (part.split(";")[0] ?? "").trim().toLowerCase());
  return {
    json: types.some((type) => type === "application/json" || type === "application/*" || type === "*/*"),
    stream: types.includes("text/event-stream"),
  };
}

/** Media type only; `charset`, when there is one, must be UTF-8. */
export function isJsonContentType(header: string | undefined): boolean {
  const [type = "", ...parameters] = (header ?? "").split(";").map((part) => part.trim().toLowerCase());
  return (
    type === "application/json" &&
    parameters.every((parameter) => !parameter.startsWith("charset=") || /^charset="?utf-8"?$/.test(parameter))
  );
}
