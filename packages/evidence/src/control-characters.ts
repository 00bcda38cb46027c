/** Control characters, which have no place in names, notes and policies: they hide and forge what people read. */

/** True when the text has a character below U+0020 that is not among the allowed ones. */
export function hasC0Control(text: string, allowed = ""): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x20 && !allowed.includes(text.charAt(i))) return true;
  }
  return false;
}

/** True when the text has any control character: C0, DEL or C1. */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}
