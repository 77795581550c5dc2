/** The built add-on's path, or a sentence that says why there is none. */
export function build(): { path?: string; reason?: string };
/** The add-on, loaded; null with the reason on stderr where it cannot be built. */
export function load(): unknown;
