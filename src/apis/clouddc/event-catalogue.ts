/** What each kind of event means (C24), in both languages of the published catalogue. */
import type { EventCode } from '../../core/observation.ts';

export const eventLevels = ['critical', 'major', 'minor', 'info'] as const;
export type EventLevel = (typeof eventLevels)[number];

interface Words {
  name: string;
  reason: string;
  effect: string;
  suggestion: string;
}

export const catalogue: Readonly<Record<EventCode, { level: EventLevel; en: Words; cn: Words }>> = {
  'health-critical': {
    level: 'critical',
    en: {
      name: 'Hardware failure',
      reason: 'The management controller reports health Critical.',
      effect: 'The machine may stop or lose data.',
      suggestion: 'Save what is on it and have it repaired.',
    },
    cn: {
      name: '硬件故障',
      reason: '管理控制器上报健康状态为 Critical。',
      effect: '服务器可能停机或丢失数据。',
      suggestion: '请备份数据并报修。',
    },
  },
  'health-warning': {
    level: 'major',
    en: {
      name: 'Hardware warning',
      reason: 'The management controller reports health Warning.',
      effect: 'A part has failed or will fail; the machine goes on.',
      suggestion: 'Look at its hardware attributes and have the part replaced.',
    },
    cn: {
      name: '硬件告警',
      reason: '管理控制器上报健康状态为 Warning。',
      effect: '部件已失效或即将失效，服务器仍在运行。',
      suggestion: '请查看硬件属性并更换部件。',
    },
  },
  'bmc-unreachable': {
    level: 'major',
    en: {
      name: 'BMC unreachable',
      reason: 'The management controller does not answer.',
      effect: 'Power, console and installation do not work; what runs goes on.',
      suggestion: 'See to the management network and the controller.',
    },
    cn: {
      name: 'BMC 不可达',
      reason: '管理控制器无响应。',
      effect: '无法执行电源、控制台和安装操作，业务不受影响。',
      suggestion: '请检查管理网络和管理控制器。',
    },
  },
  quarantined: {
    level: 'minor',
    en: {
      name: 'Machine in quarantine',
      reason: 'The data of the last tenant could not be erased.',
      effect: 'The machine is not given to anybody.',
      suggestion: 'Have it looked at and released by the operator.',
    },
    cn: {
      name: '服务器已隔离',
      reason: '上一租户的数据未能擦除。',
      effect: '该服务器暂不分配。',
      suggestion: '请由运维人员检查并解除隔离。',
    },
  },
  'power-disagreement': {
    level: 'minor',
    en: {
      name: 'Power is not as recorded',
      reason: 'Somebody switched the machine at its front or its controller, or it went down.',
      effect: 'A second reading decides whether it is believed.',
      suggestion: 'Nothing needs to be done.',
    },
    cn: {
      name: '电源状态与记录不符',
      reason: '有人在本地或管理控制器上操作了电源，或服务器掉电。',
      effect: '再次读取后确认。',
      suggestion: '无需处理。',
    },
  },
  'power-followed': {
    level: 'minor',
    en: {
      name: 'The instance follows the power of its machine',
      reason: 'Two readings agreed that the power is not as recorded.',
      effect: 'The state of the instance was changed to what was found.',
      suggestion: 'Switch it as you want it.',
    },
    cn: {
      name: '实例状态已随电源更新',
      reason: '两次读取均与记录不符。',
      effect: '实例状态已更新为实际状态。',
      suggestion: '请按需开机或关机。',
    },
  },
  'hardware-fault': {
    level: 'critical',
    en: {
      name: 'The instance is in error because of its machine',
      reason: 'The machine failed by itself.',
      effect: 'The instance cannot be used.',
      suggestion: 'Have the machine repaired, reinstall or delete the instance.',
    },
    cn: {
      name: '硬件故障导致实例异常',
      reason: '服务器自身发生故障。',
      effect: '实例不可用。',
      suggestion: '请报修，或重装、删除实例。',
    },
  },
  'fault-cleared': {
    level: 'info',
    en: {
      name: 'Fault cleared',
      reason: 'The operator repaired the machine.',
      effect: 'The instance can be used again.',
      suggestion: 'Nothing needs to be done.',
    },
    cn: {
      name: '故障已清除',
      reason: '运维人员已修复服务器。',
      effect: '实例恢复可用。',
      suggestion: '无需处理。',
    },
  },
  'operation-failed': {
    level: 'major',
    en: {
      name: 'Operation failed',
      reason: 'The machine refused an operation, or its effect was not seen in time.',
      effect: 'The instance stands as its error says.',
      suggestion: 'Ask for the operation again.',
    },
    cn: {
      name: '操作失败',
      reason: '服务器拒绝操作，或未在期限内生效。',
      effect: '实例状态见其错误信息。',
      suggestion: '请重试。',
    },
  },
};
