/** Lines of a byte stream, UTF-8, without their ends; blank lines are skipped. */

/** A line longer than this is not a message; what is behind it cannot be trusted to begin one. */
const LINE_CHARS_MAX = 64 * 1024 * 1024;

/** @throws Error when a line grows beyond the limit. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARS_MAX) throw new Error("a line on standard input is too long to be a message");
    for (const line of lines) if (line.trim() !== "") yield line.trim();
  }
  const last = (rest + decoder.decode()).trim();
  if (last !== "") yield last;
}
