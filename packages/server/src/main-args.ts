/** The command line of `aegisflow`. */
import { parseArgs } from "node:util";
import { AegisError, errorText } from "@aegisflow/core";

export type MainCommand =
  | { readonly kind: "serve"; readonly configFile?: string; readonly home?: string; readonly replaceAdminKey?: true }
  | { readonly kind: "check"; readonly configFile: string }
  | { readonly kind: "recover-accept-loss"; readonly configFile?: string; readonly home?: string }
  | { readonly kind: "example-forge" }
  | { readonly kind: "version" }
  | { readonly kind: "help" };

export const HELP = `aegisflow: runtime governance for AI agents that use tools

  aegisflow [--config FILE] [--data FOLDER]     start the server
  aegisflow --replace-admin-key ...             start, and replace a lost administrator's key by a new one
  aegisflow --config FILE --check               validate a configuration and exit 0 or 1
  aegisflow recover --accept-loss [--config F]  start a new evidence log after data was lost
  aegisflow example-forge                       run the example MCP server on stdio
  aegisflow --version

  AEGISFLOW_CONFIG  used when --config is not given
  AEGISFLOW_HOME    data folder when neither --data nor \`data_dir\` names one (default ~/.aegisflow)
`;

/** @throws AegisError `invalid-input` for what it does not know. */
export function parseMainArgs(argv: readonly string[], env: NodeJS.ProcessEnv): MainCommand {
  const { values, positionals } = parsed(argv);
  if (values.help === true) return { kind: "help" };
  if (values.version === true) return { kind: "version" };
  const configFile = values.config ?? env["AEGISFLOW_CONFIG"];
  const where = {
    ...(configFile === undefined || configFile === "" ? {} : { configFile }),
    ...(values.data === undefined ? {} : { home: values.data }),
  };
  const [word, extra] = positionals;
  if (extra !== undefined) throw unknownWord(extra);
  if (word === "example-forge") return { kind: "example-forge" };
  if (word === "recover") return recoverCommand(values["accept-loss"] === true, where);
  if (word !== undefined && word !== "serve") throw unknownWord(word);
  const replace = values["replace-admin-key"] === true ? ({ replaceAdminKey: true } as const) : {};
  if (values.check !== true) return { kind: "serve", ...where, ...replace };
  if (where.configFile === undefined) throw new AegisError("invalid-input", "--check needs --config FILE");
  return { kind: "check", configFile: where.configFile };
}

function recoverCommand(acceptLoss: boolean, where: { configFile?: string; home?: string }): MainCommand {
  if (acceptLoss) return { kind: "recover-accept-loss", ...where };
  throw new AegisError("invalid-input", "recover gives up evidence that was lost: say so with --accept-loss");
}

function unknownWord(word: string): AegisError {
  return new AegisError("invalid-input", `\`${word}\` is not a command; try aegisflow --help`);
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        data: { type: "string" },
        check: { type: "boolean" },
        "accept-loss": { type: "boolean" },
        "replace-admin-key": { type: "boolean" },
        version: { type: "boolean", short: "v" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw new AegisError("invalid-input", `${errorText(cause)}; try aegisflow --help`, { cause });
  }
}
