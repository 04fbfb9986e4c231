/** A few lines at the bottom of a terminal that are drawn again and again; other lines scroll by above them. */
export class LiveBlock {
  private height = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  draw(lines: readonly string[]): void {
    this.stream.write(`${this.erasure()}${lines.map((line) => `${line}\n`).join('')}`);
    this.height = lines.length;
  }

  /** Text above the block, whole lines. The next drawing brings the block back. */
  write(text: string): void {
    this.stream.write(`${this.erasure()}${text}`);
    this.height = 0;
  }

  clear(): void {
    if (this.height > 0) this.write('');
  }

  /** Back to where the block began, and nothing below. */
  private erasure(): string {
    return this.height === 0 ? '' : `\u001b[${this.height}A\u001b[0J`;
  }
}

/** Whether what was drawn can be drawn over: on a terminal that can, and not where its output is kept as a log. */
export function canRedraw(stream: NodeJS.WriteStream): boolean {
  const { TERM, CI } = process.env;
  return stream.isTTY === true && TERM !== 'dumb' && (CI === undefined || CI === '' || CI === 'false' || CI === '0');
}
