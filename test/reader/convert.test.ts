// convert() and from(): options, progress, cancelling, and when a store is made anew.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate, MedsError, PatientDatabase, type Progress, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { clinic, T0 } from "../support/clinic.js";
import { writeSimple } from "../support/dataset.js";
import { folder } from "../support/folder.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const code = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(
    () => undefined,
    (error) => {
      if (error instanceof MedsError) return error.code;
      throw error;
    },
  );

describe("convert()", () => {
  it("reports its progress and ends with the whole", async () => {
    const { source } = await clinic();
    const seen: Progress[] = [];
    const summary = await convert(source, `${source}.2`, { onProgress: (progress) => seen.push(progress) });
    expect(summary).toMatchObject({ store: `${source}.2`, reused: false, patients: 6, events: 62 });
    expect(seen.at(-1)?.phase).toBe("finish");
    expect((await convert(source, `${source}.2`, { reuse: true })).reused).toBe(true);
    expect(await code(convert(source, `${source}.2`))).toBe("MEDS_STORE_EXISTS");
    expect((await convert(source, `${source}.2`, { force: true, exclude: ["unit"] })).columns).toBe(summary.columns - 1);
  });

  it("reports the phase start first, also where Node's permission model makes the first call late", async () => {
    const [{ source }, out] = [await clinic(), folder("first")];
    const program = `import { convert } from "meds-reader";
      const first = new Set();
      for (let i = 0; i < 40; i += 1) {
        const seen = [];
        await convert(${JSON.stringify(source)}, ${JSON.stringify(out)} + "/" + i, { onProgress: ({ phase }) => seen.push(phase) });
        first.add(seen[0]);
      }
      console.log([...first].join());`;
    const model = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const flags = [model, "--allow-addons", "--allow-fs-read=*", `--allow-fs-write=${out}/*`, "--no-warnings", "--input-type=module"];
    const env = { ...process.env, MEDS_READER_CACHE: "off" };
    const done = spawnSync(process.execPath, [...flags, "-e", program], { encoding: "utf8", cwd: checkout, env });
    expect(done.stdout + done.stderr).toBe("start\n");
  });

  it("is cancelled by a signal and leaves nothing behind", async () => {
    const place = folder("cancel");
    await generate(join(place, "source"), { patients: 200, events: 400_000 });
    expect(await code(convert(join(place, "source"), join(place, "out"), { signal: AbortSignal.abort() }))).toBe("MEDS_CANCELLED");
    const controller = new AbortController();
    const running = convert(join(place, "source"), join(place, "out"), { signal: controller.signal });
    controller.abort();
    expect(await code(running)).toBe("MEDS_CANCELLED");
    const thrown = new Error("mine");
    const watched = convert(join(place, "source"), join(place, "out"), {
      onProgress: () => {
        throw thrown;
      },
    });
    await expect(watched).rejects.toBe(thrown);
    expect(readdirSync(place)).toEqual(["source"]);
  });

  it("names the file and the path of what it refuses", async () => {
    const place = folder("refuse");
    const error = await convert(join(place, "absent"), join(place, "out")).catch((e) => e);
    expect(error).toBeInstanceOf(MedsError);
    expect([error.code, error.path]).toEqual(["MEDS_NOT_FOUND", join(place, "absent")]);
    mkdirSync(join(place, "data"));
    expect(await code(convert(place, join(place, "out"), { shardBytes: 1 }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(verify(join(place, "absent")))).toBe("MEDS_NOT_FOUND");
  });
});

describe("from()", () => {
  const rows = (value: number) => [[1n, T0, "A", value]] as const;

  it("converts once, and again when the source has changed", async () => {
    const source = join(folder("from"), "set");
    await writeSimple(source, [...rows(1)]);
    const first = await PatientDatabase.from(`${source}/`);
    expect(first.path).toBe(`${source}.medsdb`);
    const made = statSync(join(first.path, "manifest.json"));
    first.close();
    const again = await PatientDatabase.from(source);
    expect(statSync(join(again.path, "manifest.json")).ino).toBe(made.ino);
    await writeSimple(source, [...rows(1), [2n, T0, "B", 2]]);
    const changed = await PatientDatabase.from(source);
    expect([again.size, changed.size]).toEqual([1, 2]);
    // The old store, open, still reads what it held.
    expect(again.at(0)?.codeAt(0)).toBe("A");
    const other = await PatientDatabase.from(source, { exclude: ["numeric_value"], store: join(dirname(source), "other") });
    expect(other.columns.map(({ name }) => name)).toEqual(["time", "code"]);
    expect([other.at(0)!.at(0)!.numericValue, other.at(0)!.numericValues[0]]).toEqual([null, Number.NaN]);
    for (const db of [again, changed, other]) db.close();
  });

  it("replaces only stores", async () => {
    const source = join(folder("from"), "set");
    await writeSimple(source, [...rows(1)]);
    writeFileSync(`${source}.medsdb`, "mine");
    expect(await code(PatientDatabase.from(source))).toBe("MEDS_NOT_A_STORE");
    expect(await code(PatientDatabase.from(source, { store: dirname(source) }))).toBe("MEDS_NOT_A_STORE");
    expect(existsSync(join(source, "data"))).toBe(true);
  });
});
