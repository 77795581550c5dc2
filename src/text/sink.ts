import { Buffer } from "node:buffer";

/** Characters that are gathered before they become bytes: V8 handles strings of this size while they are new. */
const PIECE = 1 << 12;

/** A growing text, as the bytes of UTF-8. It serves one text after another. */
export class Sink {
  private bytes = Buffer.allocUnsafeSlow(1 << 20);
  private filled = 0;
  private text = "";

  add(text: string): void {
    this.text += text;
    if (this.text.length >= PIECE) this.flush();
  }

  /** The bytes since the last call. They are overwritten by the next text. */
  take(): Uint8Array {
    this.flush();
    const { filled } = this;
    this.filled = 0;
    return this.bytes.subarray(0, filled);
  }

  /** The same as a string. */
  takeText(): string {
    this.flush();
    const text = this.bytes.toString("utf8", 0, this.filled);
    this.filled = 0;
    return text;
  }

  private flush(): void {
    const { text } = this;
    if (text === "") return;
    // A unit of UTF-16 takes three bytes at most.
    const most = this.filled + 3 * text.length;
    if (most > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(most, 2 * this.bytes.length));
      this.bytes.copy(grown, 0, 0, this.filled);
      this.bytes = grown;
    }
    this.filled += this.bytes.write(text, this.filled, "utf8");
    this.text = "";
  }
}
