/** Small questions about parts of a script. */
import { forEachChild, type SyntaxNode } from "unbash";

/** `exit 1`, `return`, `{ echo no; exit 1; }`: what follows does not run after it. */
export function leavesScript(node: SyntaxNode): boolean {
  if (node.type === "Command") return /^(?:exit|return|break|continue|die|false|exec)$/.test(node.name?.value ?? "");
  if (node.type === "Statement") return leavesScript(node.command);
  const body = node.type === "BraceGroup" ? node.body.commands : [];
  const last = body.at(-1);
  return last !== undefined && leavesScript(last);
}

/** A function that starts itself in a pipe or in the background multiplies without end. */
export function isForkBomb(definition: SyntaxNode, name: string): boolean {
  const visit = (node: SyntaxNode, multiplied: boolean): boolean => {
    if (node.type === "Command" && multiplied && node.name?.value === name) return true;
    const multiplies =
      (node.type === "Pipeline" && node.commands.length > 1) || (node.type === "Statement" && node.background === true);
    let found = false;
    forEachChild(node, (child) => {
      found ||= visit(child, multiplied || multiplies);
    });
    return found;
  };
  return visit(definition, false);
}
