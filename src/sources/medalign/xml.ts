// Reads one XML file, element by element, in bounded memory.
import { createReadStream } from "node:fs";
import type { SAXParser } from "sax";
import type { WorkOptions } from "../../store/native.js";
import { fail, MedsError } from "../../support/errors.js";
import { failIo } from "../../support/io.js";

/** What reads the elements of a file. */
export interface Elements {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  /** `text` is the text of an element without others in it, else "". */
  close(name: string, text: string): void;
}

const CHUNK = 1 << 18;
/** Characters that XML 1.0 does not allow. The parser lets them pass. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * Passes the elements of a file to a reader. `make` gets a function that throws for the current line. A
 * document type is refused: entities that it declares may be made to fill the memory.
 *
 * @throws MedsError `MEDS_SOURCE_DAMAGED`; `MEDS_CANCELLED`.
 */
export async function readXml(
  path: string,
  make: (damaged: (what: string) => never) => Elements,
  { signal, heard }: Pick<WorkOptions, "signal"> & { readonly heard: (bytes: number) => void },
): Promise<void> {
  const { parser: create } = (await import("sax")).default;
  const parser = create(true, { position: true, strictEntities: true } as object);
  const damaged = (what: string): never => failLine(path, parser.line + 1, what);
  handle(parser, make(damaged), damaged);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decoded = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      return damaged("it is not UTF-8");
    }
  };
  const file = createReadStream(path, { highWaterMark: CHUNK });
  try {
    for await (const chunk of file as AsyncIterable<Buffer>) {
      if (signal?.aborted === true) failCancelled(signal.reason);
      const text = decoded(chunk);
      if (FORBIDDEN.test(text)) damaged("it contains a control character, which XML does not allow, here or below");
      parser.write(text);
      heard(chunk.length);
    }
    parser.write(decoded());
    parser.close();
  } catch (error) {
    failIo(path, error);
  } finally {
    file.destroy();
  }
}

function handle(parser: SAXParser, elements: Elements, damaged: (what: string) => never): void {
  let text = "";
  let isLeaf = false;
  let [depth, isOver] = [0, false];
  const between = (): void => {
    if (text.trim() !== "") damaged("there is text between elements, where only elements are expected");
    text = "";
  };
  parser.onopentag = ({ name, attributes }) => {
    between();
    // The parser lets it pass. It may be of another patient.
    if (isOver) damaged(`the element ${name} follows the end of the first element`);
    depth += 1;
    isLeaf = true;
    elements.open(name, attributes as Record<string, string>);
  };
  parser.onclosetag = (name) => {
    if (!isLeaf) between();
    isLeaf = false;
    const whole = text;
    text = "";
    elements.close(name, whole);
    depth -= 1;
    isOver = depth === 0;
  };
  const add = (more: string): void => {
    text += more;
  };
  parser.ontext = add;
  parser.oncdata = add;
  parser.ondoctype = () => damaged("it has a document type (DOCTYPE), which is not read because it may declare entities. Remove it");
  parser.onprocessinginstruction = ({ name, body }) => {
    const encoding = /encoding\s*=\s*["']([^"']*)/.exec(body)?.[1];
    if (name.toLowerCase() === "xml" && encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding))
      damaged(`its encoding is ${JSON.stringify(encoding.slice(0, 20))}, and only UTF-8 is read`);
  };
  // The other lines of the message quote the file.
  parser.onerror = (error) => damaged(`it is not well-formed XML (${error.message.split("\n")[0]!.replace(/\.$/, "")})`);
}

function failLine(path: string, line: number, what: string): never {
  return fail("MEDS_SOURCE_DAMAGED", `${path}: line ${line}: ${what}. Correct the file, or replace it with a complete copy.`, path);
}

function failCancelled(cause: unknown): never {
  throw new MedsError("MEDS_CANCELLED", "The conversion was cancelled.", { cause });
}
