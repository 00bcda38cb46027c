/** One word of a command after expansion, with what is known about it. */

export interface Field {
  /** The value; where a part is not known, the source text of that part stands in it. */
  readonly text: string;
  /**
   * Whether a part of the value is not known: `quoted` stays one word whatever it is, `split` may become any number
   * of words, options among them.
   */
  readonly dynamic: false | "quoted" | "split";
  /** Holds an unquoted wildcard. */
  readonly glob: boolean;
  /** Begins with an unquoted `~`. */
  readonly tilde: boolean;
}

export function literalField(text: string): Field {
  return { text, dynamic: false, glob: false, tilde: false };
}

export function dynamicField(text: string, dynamic: "quoted" | "split" = "split"): Field {
  return { text, dynamic, glob: false, tilde: false };
}

/** A file name that is known only as a pattern, such as what `find` hands to `-exec`. */
export function globField(text: string): Field {
  return { text, dynamic: false, glob: true, tilde: text.startsWith("~") };
}

/** A file that is somebody's output: `<(…)`, `/dev/stdin`. */
export function isStreamFile({ text }: Field): boolean {
  return /^(?:\/dev\/(?:stdin|fd\/\d+)|\/proc\/self\/fd\/\d+|-)$/.test(text);
}

/** Where standard input comes from: known text, unknown data, file names of a lister, or wherever the caller's does. */
export type Stdin =
  | { readonly kind: "inherited" }
  | { readonly kind: "data" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "names"; readonly names: readonly Field[] };
