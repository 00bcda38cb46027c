/** Forms that the fixture server asks its clients to fill in (SEP-1034 defaults, SEP-1330 enums). */
import type { ElicitRequestFormParams } from "@modelcontextprotocol/server";

export type Form = ElicitRequestFormParams["requestedSchema"];

export const DEFAULTS_SCHEMA: Form = {
  type: "object",
  properties: {
    name: { type: "string", description: "User name", default: "John Doe" },
    age: { type: "integer", description: "User age", default: 30 },
    score: { type: "number", description: "User score", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", description: "Verification status", default: true },
  },
  required: [],
};

export const USER_SCHEMA: Form = {
  type: "object",
  properties: {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  },
  required: ["username", "email"],
};

const VALUES = ["value1", "value2", "value3"];

export const ENUMS_SCHEMA: Form = {
  type: "object",
  properties: {
    untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
    titledSingle: { type: "string", oneOf: VALUES.map((value, at) => ({ const: value, title: `Option ${at + 1}` })) },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
    titledMulti: {
      type: "array",
      items: { anyOf: VALUES.map((value, at) => ({ const: value, title: `Choice ${at + 1}` })) },
    },
  },
  required: [],
};

/** A schema with one required field. */
export function field(
  name: string,
  type: "string",
): { type: "object"; properties: Record<string, { type: "string" }>; required: string[] } {
  return { type: "object", properties: { [name]: { type } }, required: [name] };
}
