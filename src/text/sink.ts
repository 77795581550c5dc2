import { Buffer } from "node:buffer";

/** Characters that are gathered before they become bytes: V8 handles strings of this size while they are new. */
const PIECE = 1 << 12;
/** Characters of a short text. */
const SHORT = 48;

/** A growing text, as the bytes of UTF-8. It serves one text after another. */
export class Sink {
  private bytes: Buffer;
  private filled = 0;
  private text = "";

  constructor(memory: ArrayBuffer = new ArrayBuffer(1 << 20)) {
    this.bytes = Buffer.from(memory);
  }

  add(text: string): void {
    if (text.length <= SHORT && this.text === "" && this.short(text)) return;
    this.text += text;
    if (this.text.length >= PIECE) this.flush();
  }

  /** Adds text that is UTF-8 already: much faster than a string. */
  addBytes(text: Uint8Array): void {
    this.flush();
    this.reserve(text.length);
    this.bytes.set(text, this.filled);
    this.filled += text.length;
  }

  /** The bytes since the last call. They are overwritten by the next text. */
  take(): Uint8Array {
    this.flush();
    const { filled } = this;
    this.filled = 0;
    // Not a Buffer: its slice() is no copy.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset, filled);
  }

  /** The same as a string. */
  takeText(): string {
    this.flush();
    const text = this.bytes.toString("utf8", 0, this.filled);
    this.filled = 0;
    return text;
  }

  /** Writes a short text if it is ASCII: a call of the runtime would take longer. */
  private short(text: string): boolean {
    this.reserve(SHORT);
    const { bytes, filled } = this;
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return false;
      bytes[filled + i] = unit;
    }
    this.filled = filled + text.length;
    return true;
  }

  private flush(): void {
    const { text } = this;
    if (text === "") return;
    // A unit of UTF-16 takes three bytes at most.
    this.reserve(3 * text.length);
    this.filled += this.bytes.write(text, this.filled, "utf8");
    this.text = "";
  }

  private reserve(more: number): void {
    const most = this.filled + more;
    if (most <= this.bytes.length) return;
    const grown = Buffer.from(new ArrayBuffer(Math.max(most, 2 * this.bytes.length)));
    this.bytes.copy(grown, 0, 0, this.filled);
    this.bytes = grown;
  }
}
