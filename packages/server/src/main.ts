/**
 * bin aegisflow. Reads the command line, starts what it names, and turns how it ended into an exit status:
 * 0 stopped as asked, 1 wrong use or configuration, 70 evidence could not be written, 78 evidence is corrupt,
 * 79 evidence was rolled back.
 */
import { errorText, isAegisError } from "@aegisflow/core/errors";
import { versionLine } from "@aegisflow/core/version";
import { HELP, type MainCommand, parseMainArgs } from "./main-args.ts";

const EXIT_USAGE = 1;

async function main(): Promise<number> {
  const command = parseMainArgs(process.argv.slice(2), process.env);
  switch (command.kind) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "version":
      process.stdout.write(`${versionLine("aegisflow")}\n`);
      return 0;
    case "check":
      return checkConfig(command.configFile);
    case "example-forge":
      return (await import("./examples/forge.ts")).runForgeStdio();
    default:
      return serve(command);
  }
}

/** Everything a start would refuse, each with its place; nothing is opened, nothing is written. */
async function checkConfig(file: string): Promise<number> {
  const { checkConfigFile } = await import("./compose.ts");
  const checked = checkConfigFile(file, process.env);
  const lines = checked.kind === "ok" ? checked.warnings : checked.errors;
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (checked.kind === "wrong") return EXIT_USAGE;
  process.stdout.write(`${file} is valid\n`);
  return 0;
}

/** Runs until a signal or a fatal error; resolves to the exit status. */
async function serve(command: Extract<MainCommand, { kind: "serve" | "recover-accept-loss" }>): Promise<number> {
  const { openServer } = await import("./compose.ts");
  const ended = Promise.withResolvers<number>();
  const server = await openServer({
    ...(command.configFile === undefined ? {} : { configFile: command.configFile }),
    ...(command.home === undefined ? {} : { home: command.home }),
    acceptLoss: command.kind === "recover-accept-loss",
    replaceAdminKey: command.kind === "serve" && command.replaceAdminKey === true,
    env: process.env,
    onFatal: (status) => ended.resolve(status),
  });
  if (command.kind === "recover-accept-loss") {
    await server.close();
    process.stdout.write("a new evidence log was started; it names the checkpoint of the old one\n");
    return 0;
  }
  process.stdout.write(server.banner);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.resolve(0));
  process.on("SIGHUP", () => server.reload());
  const status = await ended.promise;
  await server.close();
  return status;
}

/** A bug must not leave a governed system half alive: what nobody caught ends the process. */
function dieOn(what: string): (error: unknown) => void {
  return (error) => {
    process.stderr.write(
      `fatal: ${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(EXIT_FATAL);
  };
}

const EXIT_FATAL = 70;

if (import.meta.main) {
  process.on("uncaughtException", dieOn("uncaught error"));
  process.on("unhandledRejection", dieOn("unhandled rejection"));
  try {
    process.exit(await main());
  } catch (error) {
    process.stderr.write(`aegisflow: ${errorText(error)}\n`);
    if (isAegisError(error) && error.detail !== undefined) process.stderr.write(`${error.detail}\n`);
    process.exit(exitStatusOf(error));
  }
}

/** Evidence errors carry their exit status as the design of the log names them. */
function exitStatusOf(error: unknown): number {
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") return error.exitCode;
  return EXIT_USAGE;
}
