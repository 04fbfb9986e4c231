/**
 * Renders pictures in Chromium, as readers see them: flowcharts by Mermaid, images within a page and as files of their
 * own. Fails when one shows another text than it should, or when a text in it does something.
 *
 * Run: npx tsx test/render/see-in-chromium.ts [directory for the screenshots]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { renderPlan, type WorkflowPlanInput } from 'vibe-aigc';
import { cut, plainText } from '../../src/render/plain-text.js';
import { chainOf, composite, node, nodeAfter, planOf } from '../helpers/plan-builders.js';
import { hostileTexts } from './readers/hostile-texts.js';

const browser = process.env.CHROMIUM ?? 'chromium';
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const alone = ['--disable-background-networking', '--disable-component-update', '--allow-file-access-from-files'];
const mermaid = fileURLToPath(new URL('../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));

const short = hostileTexts.map((text) => [...text].slice(0, 24).join(''));
const shots = Array.from({ length: 180 }, (_, index) => nodeAfter(`shot-${index}`, 'script'));
const plans: Record<string, WorkflowPlanInput> = {
  hostile: planOf(
    ...short.map((text, index) => node(`${text}`, { description: `${index}` })),
    composite('group', [node('inside', { description: short[1] as string })], { dependencies: [short[0] as string] }),
    nodeAfter('after', 'group', 'inside'),
  ),
  chain: planOf(...chainOf(5), nodeAfter('end', 'n0', 'n4')),
  large: planOf(node('script'), ...shots, nodeAfter('cut', ...shots.map(({ id }) => id))),
};

/** What a page tells of itself when it has drawn everything. */
interface Seen {
  readonly ran: number;
  readonly pictures: Record<string, { readonly text?: string; readonly error?: string; readonly width?: number }>;
}

const folder = await mkdtemp(join(tmpdir(), 'vibe-aigc-pictures-'));
try {
  const seen = await look();
  const problems = problemsOf(seen);
  for (const problem of problems) console.error(problem);
  console.log(`${Object.keys(seen.pictures).length} pictures seen in Chromium, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
  const [wanted] = process.argv.slice(2);
  if (wanted !== undefined) await keepScreenshots(resolve(wanted));
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function look(): Promise<Seen> {
  const pictures = Object.entries(plans).map(([name, plan]) => ({
    name,
    flowchart: renderPlan(plan, { format: 'mermaid' }),
    image: renderPlan(plan, { format: 'svg' }),
  }));
  const page = join(folder, 'page.html');
  const data = JSON.stringify(pictures).replaceAll('<', '\\u003c');
  await writeFile(
    page,
    `<!doctype html><meta charset="utf-8"><pre id="seen"></pre><script src="${pathToFileURL(mermaid)}"></script>
    <script>
      const seen = { ran: 0, pictures: {} };
      window.alert = () => seen.ran++;
      mermaid.initialize({ startOnLoad: false });
      const textOf = (element) => [...element.querySelectorAll('text, .nodeLabel')].map((label) => label.textContent).join('\\n');
      const show = (markup) => Object.assign(document.body.appendChild(document.createElement('div')), { innerHTML: markup });
      (async () => {
        for (const { name, flowchart, image } of ${data}) {
          try {
            seen.pictures['flowchart ' + name] = { text: textOf(show((await mermaid.render('m-' + name, flowchart)).svg)) };
          } catch (error) {
            seen.pictures['flowchart ' + name] = { error: String(error) };
          }
          seen.pictures['image ' + name] = { text: textOf(show(image)) };
          const file = new Image();
          file.src = 'data:image/svg+xml,' + encodeURIComponent(image);
          await file.decode().catch(() => {});
          seen.pictures['file ' + name] = { width: file.naturalWidth };
        }
        document.getElementById('seen').textContent = JSON.stringify(seen);
      })();
    </script>`,
  );
  const dom = await chromium('--virtual-time-budget=120000', '--dump-dom', String(pathToFileURL(page)));
  const [, found = ''] = /<pre id="seen">(.*?)<\/pre>/s.exec(dom) ?? [];
  if (found === '') throw new Error('Chromium did not get to the end of the page.');
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };
  return JSON.parse(found.replace(/&(?:lt|gt|amp);/g, (entity) => entities[entity] ?? '')) as Seen;
}

function problemsOf({ ran, pictures }: Seen): string[] {
  const problems = ran === 0 ? [] : [`texts in pictures ran ${ran} times`];
  for (const [name, { text, error, width }] of Object.entries(pictures)) {
    if (error !== undefined) problems.push(`${name}: ${error}`);
    if (width === 0) problems.push(`${name}: cannot be shown`);
    if (text === undefined || !name.endsWith('hostile')) continue;
    const shown = text.replaceAll('\u2060', '');
    for (const id of short) {
      const expected = cut(plainText(id), 26, '');
      if (!shown.includes(expected)) problems.push(`${name}: does not show ${JSON.stringify(expected)}`);
    }
  }
  return problems;
}

async function keepScreenshots(directory: string): Promise<void> {
  for (const [name, plan] of Object.entries(plans)) {
    const image = join(folder, `${name}.svg`);
    await writeFile(image, renderPlan(plan, { format: 'svg' }));
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(await readFile(image, 'utf8')) ?? [];
    const to = `--screenshot=${join(directory, `${name}.png`)}`;
    await chromium(to, `--window-size=${width},${height}`, String(pathToFileURL(image)));
  }
}

async function chromium(...args: readonly string[]): Promise<string> {
  const profile = await mkdtemp(join(folder, 'profile-'));
  const all = [...flags, ...alone, `--user-data-dir=${profile}`, ...args];
  const { stdout } = await promisify(execFile)(browser, all, { maxBuffer: 2 ** 28, timeout: 240_000 });
  return stdout;
}
