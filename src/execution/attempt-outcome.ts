/** How an attempt ended. `interrupted`: by the end of the run, so it says nothing about the node. */
export type AttemptOutcome =
  | { readonly status: 'completed'; readonly output: unknown; readonly blobs?: string[] }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'interrupted' };
