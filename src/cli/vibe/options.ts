import type { Command } from 'commander';

/** How the vibe of a command is given. */
export interface VibeOptions {
  readonly vibe?: string;
  readonly style?: string;
  readonly constraint?: readonly string[];
  readonly domain?: string;
}

export function addVibeOptions(command: Command): Command {
  return command
    .argument('[vibe]', 'what you want made, in words')
    .option('--vibe <file>', 'the vibe as a JSON file; "-" reads stdin')
    .option('--style <text>', 'how it should look, sound or read')
    .option('--constraint <text>', 'what must hold for the result; may be repeated', addTo)
    .option('--domain <text>', 'the field it belongs to, such as film or article');
}

function addTo(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}
