import { createHash } from 'node:crypto';

/** A checkpoint file as fields, in the order in which they stand there. */
export interface CheckpointFields {
  head: Record<string, unknown>;
  body: Record<string, unknown>;
}

/** JSON that no program can hold as a value, or would write: it stands for itself. */
export function raw(json: string): string {
  return `RAW<${Buffer.from(json).toString('base64url')}>`;
}

/** Takes a file apart. */
export function openFile(text: string): CheckpointFields {
  const fields = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const at = fields.findIndex(([name]) => name === 'head_checksum');
  return { head: Object.fromEntries(fields.slice(0, at)), body: Object.fromEntries(fields.slice(at + 1, -1)) };
}

/** The text of a file with these fields, and both checksums right. */
export function sealFile({ head, body }: CheckpointFields): string {
  const headText = `{\n${linesOf(head)},\n`;
  const covered = `${headText}  "head_checksum": "sha256:${sum(headText)}",\n${linesOf(body)},\n`;
  return `${covered}  "checksum": "sha256:${sum(covered)}"\n}\n`;
}

function linesOf(fields: Record<string, unknown>): string {
  const lines = JSON.stringify(fields, null, 2).slice(2, -2);
  return lines.replaceAll(/"RAW<([\w-]*)>"/g, (_, encoded: string) => Buffer.from(encoded, 'base64url').toString());
}

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
