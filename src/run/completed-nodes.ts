/**
 * Ids of nodes in the order in which they became complete, from which any can be taken out again in O(1). A run from
 * which none is taken out pays for an array: where each id stands is noted when the first of them goes.
 */
export class CompletedNodes {
  private places: Map<string, number> | undefined;
  private removed = 0;

  /** @param ids from now on in the hands of the new one; what was taken out is left as a hole */
  constructor(private readonly ids: Array<string | undefined> = []) {}

  get length(): number {
    return this.ids.length - this.removed;
  }

  /** The last one is 1 from the end. Only of those that were added since the last one was taken out. */
  fromEnd(count: number): string | undefined {
    return this.ids[this.ids.length - count];
  }

  /** For an id that is not there. */
  add(id: string): void {
    this.places?.set(id, this.ids.length);
    this.ids.push(id);
  }

  /** For an id that is there. */
  remove(id: string): void {
    this.places ??= placesOf(this.ids);
    const place = this.places.get(id);
    if (place === undefined) return;
    this.places.delete(id);
    this.ids[place] = undefined;
    this.removed++;
  }

  /** A copy. */
  toArray(): string[] {
    return this.removed === 0 ? ([...this.ids] as string[]) : this.ids.filter((id) => id !== undefined);
  }
}

function placesOf(ids: ReadonlyArray<string | undefined>): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, id] of ids.entries()) if (id !== undefined) places.set(id, place);
  return places;
}
