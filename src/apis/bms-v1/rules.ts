/** The published rules on names, passwords, tags and user data (otc0106040941, hw0606). */
import { invalid } from '../../core/errors.ts';
import { toTag, type KeyValue } from '../../core/server-tags.ts';

/** 1–63 of letters, digits, `_`, `-`, `.`; also CJK (Huawei Cloud). With a suffix to come, 58. */
export function checkName(name: string, most = 63): void {
  if (!/^[\p{Script=Han}A-Za-z0-9_.-]+$/u.test(name) || Array.from(name).length > most) {
    throw invalid(`The baremetal server name [${name}] is include invalid char.`, 'name', 'BMS.0206');
  }
}

/** 8–26 characters of at least three kinds, without the user's name forwards or backwards. */
export function checkPassword(password: string, userName = 'root'): void {
  const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/, /[!@$%^\-_=+[{}\]:,./?]/].filter((kind) =>
    kind.test(password),
  ).length;
  const backwards = Array.from(userName).reverse().join('');
  const namesUser = [userName, backwards].some((name) => password.toLowerCase().includes(name.toLowerCase()));
  if (password.length < 8 || password.length > 26 || kinds < 3 || namesUser) {
    throw invalid('Password does not meet the requirements of the rule.', 'adminPass', 'BMS.3026');
  }
}

const mostUserDataBytes = 32_768;

export function checkUserData(userData: string): void {
  const size = Buffer.from(userData, 'base64').length;
  if (size > mostUserDataBytes) {
    throw invalid(
      `The size of userdata [${size}] is over quota limits [${mostUserDataBytes}].`,
      'user_data',
      'BMS.0210',
    );
  }
}

const mostOwnTags = 9; // ten with the system tag

type GivenTags = { key: string; value?: string }[] | Record<string, string> | undefined;

/** Both forms in which clients write the tags of a new server. */
export function listTags(given: GivenTags): KeyValue[] {
  const tags = Array.isArray(given)
    ? given
    : Object.entries(given ?? {}).map(([key, value]) => ({ key, value }));
  return tags.map(({ key, value = '' }) => ({ key, value }));
}

export function toTags(given: GivenTags): string[] {
  const tags = listTags(given);
  const keys = new Set(tags.map(({ key }) => key));
  if (tags.length > mostOwnTags || keys.size !== tags.length) {
    throw invalid(`At most ${mostOwnTags} tags with different keys.`, 'server_tags');
  }
  return checkTags(tags, 'server_tags').map(toTag);
}

/** A key of 1–36 characters, a value of at most 43, neither with signs that lists and patterns need (otc0106040941). */
export function checkTags(tags: { key: string; value?: string }[], field: string): KeyValue[] {
  return tags.map(({ key, value = '' }) => {
    const isLegal = (text: string, most: number) => text.length <= most && !/[=*<>\\,|/\p{Cc}]/u.test(text);
    if (key.length === 0 || !isLegal(key, 36) || !isLegal(value, 43)) {
      throw invalid(`The tag ${key} is not allowed.`, field);
    }
    return { key, value };
  });
}

const mostMetadata = 128; // maxServerMeta of V31

/** Keys of letters, digits and `-_:.`, keys and values of at most 255 characters (otc0131703289). */
export function checkMetadata(metadata: Record<string, string>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (!/^[A-Za-z0-9_:.-]{1,255}$/.test(key)) throw invalid(`The key ${key} is not allowed.`, 'metadata');
    if (value.length > 255) throw invalid(`The value of ${key} is longer than 255.`, 'metadata');
  }
}

export function checkMetadataSize(metadata: Record<string, string>): void {
  if (Object.keys(metadata).length > mostMetadata) {
    throw invalid(`A server has at most ${mostMetadata} metadata.`, 'metadata');
  }
}
