import { execFile } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('read-pictures.mjs', import.meta.url));

/** What the parser of Mermaid found in a flowchart. */
export interface ReadMermaid {
  readonly error?: string;
  readonly boxes: ReadonlyArray<{ readonly id: string; readonly lines: string[]; readonly classes: string[] }>;
  readonly groups: ReadonlyArray<{ readonly id: string; readonly lines: string[]; readonly nodes: string[] }>;
  readonly arrows: ReadonlyArray<readonly [string, string]>;
}

/** What a parser of XML found in an image. `place`: x, y, width and height. */
export interface ReadSvg {
  readonly error?: string;
  readonly elements: string[];
  readonly attributes: string[];
  readonly size: readonly [number, number];
  readonly boxes: ReadonlyArray<{
    readonly title: string;
    readonly lines: string[];
    readonly place: readonly [number, number, number, number];
  }>;
  readonly arrows: string[];
}

export const readMermaid = (pictures: readonly string[]) => read<ReadMermaid>(pictures.map((mermaid) => ({ mermaid })));

export const readSvg = (pictures: readonly string[]) => read<ReadSvg>(pictures.map((svg) => ({ svg })));

/** All in one process: its parsers take a second to load. */
async function read<Found>(pictures: ReadonlyArray<Record<string, string>>): Promise<Found[]> {
  const child = execFile(process.execPath, [script], { maxBuffer: 2 ** 28 });
  const [found, failure] = [text(child.stdout as NodeJS.ReadableStream), text(child.stderr as NodeJS.ReadableStream)];
  child.stdin?.end(JSON.stringify(pictures));
  const [answer, error] = await Promise.all([found, failure]);
  if (error !== '') throw new Error(error);
  return JSON.parse(answer) as Found[];
}
