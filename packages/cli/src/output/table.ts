/** Plain aligned columns: readable in a terminal, greppable in a log. Cells may hold anything; they are made visible. */
import { displayWidth, toOneLine } from "./terminal-text.ts";

const COLUMN_GAP = "  ";
/** A longer cell is cut with `…`; `--json` shows it whole. */
const CELL_WIDTH_MAX = 72;

export function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, ...rows.map((row) => row.map((cell) => cutToWidth(toOneLine(cell), CELL_WIDTH_MAX)))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => displayWidth(line[column] ?? ""))));
  return lines.map((line) => `${renderLine(line, widths)}\n`).join("");
}

/** `Name:  value` lines with the values aligned; a value of several lines is indented below its name. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + 1;
  return fields.map(([name, value]) => `${`${name}:`.padEnd(width)} ${toOneLine(value)}\n`).join("");
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = widths.map((width, column) => {
    const cell = cells[column] ?? "";
    return cell + " ".repeat(width - displayWidth(cell));
  });
  return padded.join(COLUMN_GAP).trimEnd();
}

function cutToWidth(text: string, widthMax: number): string {
  if (displayWidth(text) <= widthMax) return text;
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > widthMax - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
