/** The demo's transcript: every line says what was done and what came back; a step that is not as said ends the run. */

export class Transcript {
  #steps = 0;

  chapter(title: string): void {
    console.log(`\n== ${title}`);
  }

  note(text: string): void {
    console.log(`   ${text.replaceAll("\n", "\n   ")}`);
  }

  /** @throws Error with the step's name when it does not hold. */
  step(claim: string, holds: boolean, seen: string): void {
    this.#steps += 1;
    console.log(`${holds ? " ✓ " : " ✗ "}${claim}`);
    if (seen !== "") this.note(seen);
    if (!holds) throw new Error(`not as said: ${claim}\nseen: ${seen}`);
  }

  get steps(): number {
    return this.#steps;
  }
}

export function shown(value: unknown, charsMax = 400): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
}
