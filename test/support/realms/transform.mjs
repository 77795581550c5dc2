// A transform whose new values are of the realm of its worker.
export default function* (patient, args) {
  for (const event of patient) yield event.with({ seen: args.get("at"), raw: new Uint8Array([1, 2]) });
}
