import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const entries = ['index', 'models', 'testing', 'cli-documents'].map((name) => `${root}src/${name}.ts`);
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();

const { Alias, Class, Function: Callable, Variable } = ts.SymbolFlags;

/** What an app can call or make, of all entries. Types are described where they are used, and in docs/api.md. */
const values = entries
  .flatMap((file) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol),
  )
  .map((symbol) => (symbol.flags & Alias ? checker.getAliasedSymbol(symbol) : symbol))
  .filter(({ flags }) => flags & (Class | Callable | Variable));

const isDocumented = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length > 0;
const hasExample = (symbol: ts.Symbol) => symbol.getJsDocTags(checker).some(({ name }) => name === 'example');
const namesOf = (symbols: readonly ts.Symbol[]) => symbols.map(({ name }) => name);

describe('what the entries export', () => {
  it('says of every function, class and value what it is', () => {
    expect(values.length).toBeGreaterThan(50);
    expect(namesOf(values.filter((symbol) => !isDocumented(symbol)))).toEqual([]);
  });

  it('shows how every function, and every class but those of errors, is used', () => {
    const used = values.filter(({ name, flags }) => flags & (Class | Callable) && !name.endsWith('Error'));
    expect(namesOf(used)).toContain('MetaPlanner');
    expect(namesOf(used.filter((symbol) => !hasExample(symbol)))).toEqual([]);
  });

  it('would see one that says nothing', () => {
    const file = program.getSourceFile(`${root}src/run/execution-result.ts`) as ts.SourceFile;
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file) as ts.Symbol);
    expect(namesOf(exported.filter((symbol) => !isDocumented(symbol)))).toContain('PersistenceInfo');
  });
});
