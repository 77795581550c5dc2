// Runs commands of `meds-reader`, one after the other, in a process that loads the package once. Each line of stdin
// has the arguments of one as JSON, each line of stdout its result.
import { createInterface } from "node:readline";

const main = process.argv[2];
const answer = process.stdout.write.bind(process.stdout);
let count = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const written = { stdout: [], stderr: [] };
  for (const [stream, chunks] of Object.entries(written)) {
    process[stream].removeAllListeners("error");
    process[stream].write = (chunk, ...rest) => {
      chunks.push(Buffer.from(chunk));
      rest.find((argument) => typeof argument === "function")?.();
      return true;
    };
  }
  process.argv = [process.execPath, main, ...JSON.parse(line)];
  process.exitCode = undefined;
  count += 1;
  // Another address is another module: the command line is read anew, and what it imports is there already.
  await import(`${main}?${count}`);
  const [stdout, stderr] = [written.stdout, written.stderr].map((chunks) => Buffer.concat(chunks).toString());
  answer(`${JSON.stringify({ code: process.exitCode ?? 0, stdout, stderr })}\n`);
}
