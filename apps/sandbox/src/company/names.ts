/** Invented companies: a name and its domain's label, in no order that matters. */
export const COMPANIES: readonly (readonly [name: string, label: string])[] = [
  ['Alder & Pike Logistics', 'alderpike'],
  ['Amberfield Dairy', 'amberfield-dairy'],
  ['Anchorlight Marine', 'anchorlight'],
  ['Aspenridge Outfitters', 'aspenridge'],
  ['Bellwether Textiles', 'bellwether-textiles'],
  ['Birchgrove Veterinary Group', 'birchgrove-vet'],
  ['Bluefern Cosmetics', 'bluefern'],
  ['Bramble Street Bakeries', 'bramblestreet'],
  ['Brightmoor Energy Services', 'brightmoor'],
  ['Calder Valley Foods', 'caldervalley'],
  ['Candlewick Hotels', 'candlewick-hotels'],
  ['Cedarline Furniture', 'cedarline'],
  ['Clearbrook Dental Partners', 'clearbrook-dental'],
  ['Cobalt Harbor Shipping', 'cobaltharbor'],
  ['Copperfinch Media', 'copperfinch'],
  ['Corvid Analytics', 'corvid-analytics'],
  ['Crestfall Outdoor', 'crestfall'],
  ['Danforth Mill Paper', 'danforthmill'],
  ['Deepwell Water Systems', 'deepwell-water'],
  ['Driftwood Learning', 'driftwood-learning'],
  ['Eastgate Property Care', 'eastgatecare'],
  ['Elmhollow Publishing', 'elmhollow'],
  ['Everstone Aggregates', 'everstone'],
  ['Fairlight Eyewear', 'fairlight-eyewear'],
  ['Fernhill Laboratories', 'fernhill-labs'],
  ['Flintlock Security', 'flintlock-security'],
  ['Foxglove Events', 'foxglove-events'],
  ['Galehouse Wind', 'galehouse'],
  ['Gantry Nine Construction', 'gantrynine'],
  ['Goldcrest Freight', 'goldcrest-freight'],
  ['Granite Bay Fitness', 'granitebay'],
  ['Greenlock Storage', 'greenlock'],
  ['Halcyon Print Works', 'halcyonprint'],
  ['Harrowgate Instruments', 'harrowgate'],
  ['Hawthorn Staffing', 'hawthorn-staffing'],
  ['Hazelmere Clinics', 'hazelmere'],
  ['Hollowell Timber', 'hollowell'],
  ['Inkwell & Rowe', 'inkwellrowe'],
  ['Ironbark Equipment Hire', 'ironbark-hire'],
  ['Juniper Row Interiors', 'juniperrow'],
  ['Keelson Boats', 'keelson'],
  ['Kestrel Aviation Supply', 'kestrel-supply'],
  ['Kingfisher Catering', 'kingfisher-catering'],
  ['Lanternfish Games', 'lanternfish'],
  ['Larkspur Home Health', 'larkspurhealth'],
  ['Lighthouse Road Schools', 'lighthouseroad'],
  ['Longacre Seed', 'longacre-seed'],
  ['Maplewood Senior Living', 'maplewoodliving'],
  ['Meridian Tile', 'meridian-tile'],
  ['Millpond Brewing', 'millpond'],
  ['Moorgate Legal Services', 'moorgatelegal'],
  ['Nettlecombe Pharma', 'nettlecombe'],
  ['Northspan Bridgeworks', 'northspan'],
  ['Oakhaven Insurance Brokers', 'oakhaven'],
  ['Orchard & Vine Grocers', 'orchardvine'],
  ['Otterburn Adventures', 'otterburn'],
  ['Paperkite Stationery', 'paperkite'],
  ['Pebblebrook Toys', 'pebblebrook'],
  ['Quarrystone Kitchens', 'quarrystone'],
  ['Quillfeather Translation', 'quillfeather'],
  ['Redgate Motor Parts', 'redgate-motor'],
  ['Riverbend Recycling', 'riverbend-recycling'],
  ['Rookery Sound', 'rookery-sound'],
  ['Saltmarsh Seafood', 'saltmarsh'],
  ['Silverthorn Jewelry', 'silverthorn'],
  ['Snowberry Travel', 'snowberry'],
  ['Stonechat Telecom', 'stonechat'],
  ['Sundial Solar Installers', 'sundialsolar'],
  ['Tamarack Sports', 'tamarack'],
  ['Thistledown Bedding', 'thistledown'],
  ['Tidewater Laundry', 'tidewater-laundry'],
  ['Tollgate Parking', 'tollgate'],
  ['Umberfield Ceramics', 'umberfield'],
  ['Vellum House Auctions', 'vellumhouse'],
  ['Wavecrest Pools', 'wavecrest'],
  ['Westmere Packaging', 'westmere'],
  ['Whitebeam Nurseries', 'whitebeam'],
  ['Willowpath Therapy', 'willowpath'],
  ['Windlass Rigging', 'windlass'],
  ['Yarrow Street Coffee', 'yarrowstreet'],
];

export const FIRST_NAMES: readonly string[] =
  `Abigail Adaeze Adrian Agnes Ahmed Alice Alma Amara Amit Ana Andre Anika Anton Asha Astrid Beatriz Benjamin Bianca Bilal
  Bruno Camille Carlos Chiara Chloe Clara Colin Daniela Darius David Deepa Diego Dina Edith Ellen Emeka Emil Erik Esther Farah
  Felix Fiona Gabriel Georgia Giulia Grace Hamid Hana Hector Helena Hugo Ibrahim Ingrid Isaac Isla Ivan Jasmine Javier Joanna
  Julian Kamal Karin Kenji Lara Leila Liam Lorenzo Lucia Magnus Malik Marta Mateo Mei Miriam Nadia Naomi Neil Nina Noah Nora Olga
  Omar Oscar Paula Petra Rafael Rahul Rania Rebecca Rosa Sanjay Sara Selma Simon Sofia Stefan Tara Teresa Theo Uma Valentin Vera
  Victor Wendy Xavier Yara Yusuf Zara Zoë André José Chloé Søren`.split(/\s+/);

export const LAST_NAMES: readonly string[] =
  `Abbott Acheampong Ahlberg Almeida Andersen Arslan Ashworth Banerjee Barros Becker Bellamy Bergström Bianchi Blackwood Bonnet
  Boyle Brennan Castillo Chandra Chen Clarke Costa Dawson Delgado Diaz Dubois Duarte Eriksen Farouk Fernandes Fischer Fontaine
  Gallagher García Ghosh Gibson Greco Grimaldi Haddad Hansen Hartley Hassan Hughes Ito Ivanova Jansen Jensen Joshi Kaplan Karlsson
  Keller Khan Kim Kowalski Kumar Lambert Larsen Leclerc Lehmann Lopes Malhotra Marino Martins Mensah Meyer Moreau Müller Murphy
  Nair Nakamura Ng Nielsen Novak O'Connor Obi Okonkwo Olsen Ortega Osman Park Patel Pereira Petrov Quinn Ramos Rao Reid Ricci
  Rossi Russo Sato Schmidt Sharma Silva Singh Soto Steiner Suzuki Tanaka Torres Tran Vargas Vogel Wagner Walsh Weber Wright Yilmaz
  Young Zhang Ziegler`.split(/\s+/);
