/** Body limits of the HTTP surfaces, named with their reason. Each is enforced before and while reading. */

/** Admin requests are forms of people and scripts; the largest is a test action with its parameters. */
export const ADMIN_BODY_BYTES_MAX = 1024 * 1024;
/** A sign-in or decision form of the approval page; a long comment in a script of three bytes fits. */
export const FORM_BODY_BYTES_MAX = 32 * 1024;
