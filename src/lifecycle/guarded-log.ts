import type { Host } from '../host.js';
import { serializeError } from '../run/serialize-error.js';
import type { Redactor } from './redaction.js';

/**
 * A host whose log is never handed an error as it was thrown: a logger prints every field of one, and errors of HTTP
 * clients carry requests with their keys.
 */
export function withGuardedLog(host: Host, redactor: Redactor | undefined): Host {
  return {
    ...host,
    log: (level, message, details) => {
      if (details === undefined || !('error' in details)) return host.log(level, message, details);
      const error = redactor === undefined ? serializeError(details.error) : redactor.error(details.error);
      host.log(level, message, { ...details, error });
    },
  };
}
