import type { SerializedError } from './node-result.js';

const maxMessageLength = 10_000;

/** What is kept of something that was thrown: name, message and code, never a stack, a cause or other fields. */
export function serializeError(thrown: unknown): SerializedError {
  if (typeof thrown === 'function') return { name: 'Error', message: 'a function was thrown' }; // its text is code
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: shorten(String(thrown)) };
  const { name, message, code } = fieldsOf(thrown);
  return {
    name: typeof name === 'string' && name !== '' ? shorten(name) : 'Error',
    message: typeof message === 'string' ? shorten(message) : 'something without a message was thrown',
    ...((typeof code === 'string' || typeof code === 'number') && { code: shorten(String(code)) }),
  };
}

/** Foreign objects may have getters that throw. */
function fieldsOf(thrown: object): { name?: unknown; message?: unknown; code?: unknown } {
  try {
    const { name, message, code } = thrown as { name?: unknown; message?: unknown; code?: unknown };
    return { name, message, code };
  } catch {
    return { message: 'an error that cannot be read was thrown' };
  }
}

function shorten(text: string): string {
  return text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength)}…`;
}
