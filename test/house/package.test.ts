import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Conditions = Record<string, Record<string, string> | string>;

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
> & {
  dependencies: Record<string, string>;
  exports: Record<string, Conditions | string>;
};

describe('the package', () => {
  it('says what it is and where it is kept', () => {
    for (const field of ['license', 'repository', 'bugs', 'homepage', 'keywords']) {
      expect(manifest[field], field).toBeTruthy();
    }
    expect(manifest).toMatchObject({ type: 'module', sideEffects: false, engines: { node: '>=20.19' } });
  });

  it('needs four packages, and bundles one of them', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      'commander', // the command line
      'nanoid', // bundled, since it is ESM-only and Jest cannot require that; named here, so that audits see it
      'write-file-atomic',
      'zod', // its schemas are part of what we export
    ]);
  });

  it('names the types of each entry first, those of CommonJS as .d.cts, and exports nothing by pattern', () => {
    const { './package.json': own, ...entries } = manifest.exports;
    expect(own).toBe('./package.json');
    for (const [entry, conditions] of Object.entries(entries)) {
      const name = entry === '.' ? 'index' : entry.slice(2);
      expect(JSON.stringify(conditions), entry).toBe(
        JSON.stringify({
          import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
          require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
        }),
      );
    }
  });
});
