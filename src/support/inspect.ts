/**
 * What `console.log` shows of an object: the name of its class and a few members, never the private fields. It
 * has a class of the same name, because Node prints the name of the class.
 */
export function shownAs(name: string, members: Readonly<Record<string, unknown>>): object {
  const classes = { [name]: class {} };
  return Object.assign(new classes[name]!(), members);
}
