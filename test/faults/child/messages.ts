import { isMainThread, parentPort } from 'node:worker_threads';

const port = isMainThread || parentPort === null ? process : parentPort;

/** Resolves when whoever started this process, or this thread, sends it that word. Keeps the process alive until then. */
export function told(word: string): Promise<void> {
  return new Promise((resolve) => {
    const listener = (message: unknown) => {
      if (message !== word) return;
      port.off('message', listener);
      resolve();
    };
    port.on('message', listener);
  });
}
