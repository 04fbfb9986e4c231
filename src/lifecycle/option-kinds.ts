import { z } from 'zod';

/** A whole number. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const isWhole = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return z.custom<number>(isWhole, `a whole number ${range}`);
}

export function amount() {
  const isAmount = (value: unknown) => typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
  return z.custom<number>(isAmount, 'a number of at least 0');
}

export function isAtLeastOne(value: unknown): boolean {
  return typeof value === 'number' && value >= 1;
}

export function fn<F>() {
  return z.custom<F>((value) => typeof value === 'function', 'a function');
}

/** Whether it is an object with these methods, its own or those of its class. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
