/** Which variables a part of a script may set, so that a loop can forget what it changes. */
import { type Command, forEachChild, type SyntaxNode } from "unbash";

export type AssignedNames = { readonly names: ReadonlySet<string>; readonly folder: boolean } | "anything";

const ASSIGNING = new Set([
  "read",
  "mapfile",
  "readarray",
  "unset",
  "export",
  "declare",
  "typeset",
  "local",
  "readonly",
  "getopts",
  "printf",
  "let",
  "set",
  "shift",
]);
const OPAQUE = new Set(["eval", "source", ".", "alias", "trap"]);

/** @param functions functions of the script: calling one may set anything. */
export function assignedNames(root: SyntaxNode, functions: ReadonlyMap<string, unknown>): AssignedNames {
  const names = new Set<string>();
  let folder = false;
  let anything = false;
  const visit = (node: SyntaxNode): void => {
    switch (node.type) {
      case "Assignment":
        names.add(node.name);
        break;
      case "For":
      case "Select":
        names.add(node.name.value);
        break;
      case "ParameterExpansion":
        if (node.operation?.type === "Default" && node.operation.operator.endsWith("=")) names.add(node.parameter);
        break;
      case "ArithmeticExpansion":
        addIdentifiers(node.text, names);
        break;
      case "ArithmeticCommand":
        addIdentifiers(node.body, names);
        break;
      case "ArithmeticFor":
        anything = true;
        break;
      case "Command":
        ({ folder, anything } = visitCommand(node, names, functions, { folder, anything }));
        break;
      case "CommandExpansion":
      case "ProcessSubstitution":
      case "Subshell":
        // A subshell changes nothing outside of itself.
        return;
      default:
    }
    forEachChild(node, visit);
  };
  visit(root);
  return anything ? "anything" : { names, folder };
}

interface Findings {
  readonly folder: boolean;
  readonly anything: boolean;
}

function visitCommand(
  node: Command,
  names: Set<string>,
  functions: ReadonlyMap<string, unknown>,
  found: Findings,
): Findings {
  const name = node.name?.value ?? "";
  if (ASSIGNING.has(name)) {
    for (const word of node.args) addIdentifiers(word.text, names);
  }
  const anything = found.anything || OPAQUE.has(name) || functions.has(name) || (node.name?.parts ?? []).length > 0;
  return { anything, folder: found.folder || name === "cd" || name === "pushd" || name === "popd" };
}

/** More names than are set: forgetting too much is safe. */
function addIdentifiers(text: string, names: Set<string>): void {
  for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) names.add(name);
}
