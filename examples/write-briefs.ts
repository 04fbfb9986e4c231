/**
 * Writes the briefs of the vibes in examples/vibes with the offline composer: no model, no network.
 *
 * Run:    npx tsx examples/write-briefs.ts
 * Prints: the files that it wrote to examples/output.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assertCompleted, MetaPlanner } from 'vibe-aigc';

const here = new URL('.', import.meta.url);

export const names = ['tide-film', 'night-market'];

export async function composeBrief(name: string): Promise<string> {
  const vibe = JSON.parse(await readFile(new URL(`vibes/${name}.json`, here), 'utf8'));
  const result = await new MetaPlanner().execute(vibe);
  assertCompleted(result);
  return String(result.outputs.brief);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await mkdir(new URL('output/', here), { recursive: true });
  for (const name of names) {
    const file = new URL(`output/${name}.md`, here);
    await writeFile(file, await composeBrief(name));
    console.log(fileURLToPath(file).replace(process.cwd(), '.'));
  }
}
