/** Alarms and events as documented. */
import { conditions, type Alarm, type EventCode, type NodeEvent } from '../../core/observation.ts';
import { catalogue } from './event-catalogue.ts';

/** Times in milliseconds, as in the alarm records of the monitoring service that this list is taken from. */
export function toAlarm({ id, nodeId, condition, beganAt, lastAt, endedAt }: Alarm) {
  const { level, name } = conditions[condition];
  return {
    alarm_record_id: id,
    alarm_id: condition,
    alarm_name: name,
    alarm_status: endedAt ? 'ok' : 'alarm',
    alarm_level: level,
    begin_time: beganAt.getTime(),
    ...(endedAt ? { end_time: endedAt.getTime() } : {}),
    last_alarm_time: lastAt.getTime(),
    metric: { metric_name: condition, dimensions: [{ name: 'server_id', value: nodeId }] },
  };
}

/** `event_id` leads to the catalogue (C24), `message_id` tells one event from another. */
export function toEvent({ id, nodeId, at, code, isOver, message, origin }: NodeEvent) {
  return {
    event_id: code,
    message_id: String(id),
    event_message: message,
    event_level: isOver ? 'info' : catalogue[code].level,
    status: isOver ? 'Deasserted' : 'Asserted',
    resource_id: nodeId,
    time: at.getTime(),
    origin_event: JSON.stringify(origin).slice(0, 4_096),
  };
}

export function toCatalogueEntry(code: EventCode) {
  const { en, cn } = catalogue[code];
  return {
    code,
    status: 'Asserted',
    name_cn: cn.name,
    name_en: en.name,
    effect_cn: cn.effect,
    effect_en: en.effect,
    suggestion_cn: cn.suggestion,
    suggestion_en: en.suggestion,
    reason_cn: cn.reason,
    reason_en: en.reason,
  };
}
