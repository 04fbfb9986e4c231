import type { Finding } from './finding.js';

const oldest = [20, 19] as const;

/** @param version such as `22.13.0` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
  const needed = oldest.join('.');
  if (isNewEnough) return { subject: 'Node', status: 'ok', found: `${version} (${needed} or newer is needed)` };
  return {
    subject: 'Node',
    status: 'bad',
    found: `${version}, and ${needed} or newer is needed`,
    next: [`install Node ${needed} or newer: https://nodejs.org`],
  };
}
