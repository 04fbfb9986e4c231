import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as api from 'vibe-aigc';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = await readFile(`${root}docs/errors.md`, 'utf8');
const source = await readFile(`${root}src/errors.ts`, 'utf8');

/** The one code that only a failed node has: nothing of this code is ever thrown. */
const ofNodesOnly = 'CHILD_FAILED';

describe('docs/errors.md', () => {
  it('has a section for every error code, and for no other', () => {
    const sections = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code);
    expect(sections).toEqual([...new Set(sections)]);
    expect(sections.toSorted()).toEqual(codesOf(source).toSorted());
  });

  it('speaks of no code that does not exist', () => {
    const named = new Set([...page.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([code]) => code));
    expect([...named].toSorted()).toEqual([...codesOf(source), ofNodesOnly].toSorted());
  });

  it('names the class of every error in the section of its code', () => {
    const sections = page.split(/^### /m).slice(1);
    for (const [name, code] of classesOf(source)) {
      expect(Object.keys(api)).toContain(name);
      expect(sections.find((section) => section.startsWith(`\`${code}\``)) ?? 'no section').toContain(`\n\`${name}\`.`);
    }
  });

  it('has the codes that failed nodes get', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)].map(([, code, name]) => [code, name]);
    expect(rows).toEqual([
      ['NODE_TIMEOUT', 'NodeTimeoutError'],
      ['OUTPUT_NOT_SERIALIZABLE', 'OutputNotSerializableError'],
      ['REDACTION_FAILED', 'RedactionError'],
      ['MODEL_FAILED', 'ModelError'],
      ['CHILD_FAILED', 'ChildFailedError'],
    ]);
  });
});

/** The members of the union `VibeErrorCode`. */
function codesOf(text: string): string[] {
  const codes: string[] = [];
  for (const statement of ts.createSourceFile('errors.ts', text, ts.ScriptTarget.ES2022).statements) {
    if (!ts.isTypeAliasDeclaration(statement) || statement.name.text !== 'VibeErrorCode') continue;
    if (!ts.isUnionTypeNode(statement.type)) continue;
    for (const member of statement.type.types) {
      if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) codes.push(member.literal.text);
    }
  }
  expect(codes.length).toBeGreaterThan(0);
  return codes;
}

/** Each class that extends `VibeError`, with the code that it passes up. */
function classesOf(text: string): Map<string, string> {
  const classes = text.matchAll(/class (\w+)(?:<[^>]*>)? extends VibeError\b[\s\S]*?super\('(\w+)'/g);
  return new Map([...classes].map(([, name = '', code = '']) => [name, code]));
}
