/** The documents of OData that DSP0266 wants: services by name, and where the schemas are. */
import { root } from './resources/paths.ts';

const services = ['Systems', 'Chassis', 'Managers', 'SessionService', 'AccountService', 'UpdateService'];

export const odata = {
  '@odata.context': `${root}/$metadata`,
  value: [
    { name: 'Service', kind: 'Singleton', url: `${root}/` },
    ...services.map((name) => ({ name, kind: 'Singleton', url: `${root}/${name}` })),
    { name: 'Sessions', kind: 'Singleton', url: `${root}/SessionService/Sessions` },
  ],
};

const schemas = [
  'ServiceRoot v1_15_0',
  'ComputerSystemCollection',
  'ComputerSystem v1_20_0',
  'ChassisCollection',
  'Chassis v1_24_0',
  'ManagerCollection',
  'Manager v1_18_0',
];

const references = schemas.map((schema) => {
  const [name, version] = schema.split(' ');
  const namespaces = [name, ...(version ? [`${name}.${version}`] : [])];
  const includes = namespaces.map((one) => `<edmx:Include Namespace="${one}"/>`).join('');
  const uri = `http://redfish.dmtf.org/schemas/v1/${name}_v1.xml`;
  return `  <edmx:Reference Uri="${uri}">${includes}</edmx:Reference>`;
});

export const metadata = `<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
${references.join('\n')}
  <edmx:DataServices>
    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">
      <EntityContainer Name="Service" Extends="ServiceRoot.v1_15_0.ServiceContainer"/>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>
`;
