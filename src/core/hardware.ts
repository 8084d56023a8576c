/**
 * A machine part by part, as its BMC tells. Every fact is optional: what was not read is not there. The names are those
 * of CloudDC's hardware attributes, which follow Redfish, in our spelling.
 */
type Facts<Texts extends string, Numbers extends string = never> = Partial<
  Record<Texts, string | null> & Record<Numbers, number | null>
>;

export type Processor = Facts<
  'name' | 'manufacturer' | 'model' | 'serialNumber' | 'partNumber' | 'health' | 'state',
  'totalCores' | 'totalEnabledCores' | 'totalThreads' | 'maxSpeedMhz'
>;

export type MemoryModule = Facts<
  | 'name'
  | 'manufacturer'
  | 'memoryDeviceType'
  | 'serialNumber'
  | 'partNumber'
  | 'position'
  | 'health'
  | 'state',
  'capacityMib' | 'allowedSpeedMhz' | 'operatingSpeedMhz' | 'rankCount' | 'dataWidthBits'
>;

export type NetworkPort = Facts<
  'physicalPortNumber' | 'linkStatus' | 'activeLinkTechnology' | 'portMaxSpeed' | 'permanentMacAddress'
>;
export type NetworkAdapter = Facts<
  'name' | 'model' | 'manufacturer' | 'position' | 'firmwareVersion' | 'health'
> & { networkPorts: NetworkPort[] };

export type Drive = Facts<
  | 'id'
  | 'name'
  | 'manufacturer'
  | 'model'
  | 'serialNumber'
  | 'revision'
  | 'mediaType'
  | 'protocol'
  | 'hotspareType'
  | 'health',
  'capacityBytes' | 'capableSpeedGbs' | 'negotiatedSpeedGbs' | 'predictedMediaLifeLeftPercent'
>;
export interface Status {
  state?: string | null;
  health?: string | null;
}
export type Volume = Facts<'name' | 'volumeRaidLevel', 'capacityBytes' | 'optimumIoSizeBytes'> & {
  status?: Status;
  drives: Drive[];
};
export type StorageController = Facts<
  'name' | 'model' | 'manufacturer' | 'firmwareVersion' | 'state' | 'health'
> & { supportedRaidLevels?: string[]; drives: string[]; volumes: Volume[] };

export type Fan = Facts<'name' | 'model' | 'partNumber' | 'readingUnits', 'reading'> & { status?: Status };

export type PowerSupply = Facts<
  | 'name'
  | 'model'
  | 'manufacturer'
  | 'powerSupplyType'
  | 'partNumber'
  | 'serialNumber'
  | 'firmwareVersion'
  | 'status',
  'powerCapacityWatts' | 'lineInputVoltage'
>;

export type Firmware = Facts<'componentName' | 'model' | 'manufacturer' | 'version'>;

export type Sensor = Facts<'name' | 'kind' | 'units' | 'state' | 'health', 'reading'>;

export interface Parts {
  processors: Processor[];
  memory: MemoryModule[];
  networkAdapters: NetworkAdapter[];
  storageControllers: StorageController[];
  fans: Fan[];
  powers: PowerSupply[];
  firmware: Firmware[];
  /** As they read when the machine was inspected. */
  sensors?: Sensor[];
}
