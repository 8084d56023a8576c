/** Tags of whatever has tags, for policies that speak of them (`g:ResourceTag/KEY`). */
import type { KeyValue } from './server-tags.ts';

export type Tag = KeyValue;

/** By the id of the resource, as a UUID in its usual form; a resource without tags may be missing. */
export type TagsById = ReadonlyMap<string, readonly Tag[]>;

export interface ResourceTags {
  /**
   * Tags of servers, physical servers and racks, in one statement.
   *
   * @param projectId whose; null: of all projects, as operators see servers
   * @param ids of any of them; what is no UUID has no tags
   */
  find(projectId: string | null, ids: readonly string[]): Promise<TagsById>;
}
