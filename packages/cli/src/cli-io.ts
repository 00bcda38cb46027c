/**
 * The world as a command sees it, so that commands are functions a test can call: where text goes, which
 * environment and folder they run in, how they reach the server, and how they end.
 */

/** 0 ok, 1 error (also a failed policy test or lint), 2 verification failed. */
export type ExitCode = 0 | 1 | 2;

export interface CliIo {
  /** Writes to standard output as it is; callers add their own line ends. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Sets the exit code of the process. It does not end it: the command returns after calling it. */
  readonly exit: (code: ExitCode) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute folder that relative paths are resolved against. */
  readonly cwd: string;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
}
