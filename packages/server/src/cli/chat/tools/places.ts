/** Well-known cities that no IANA zone is named after, by the zone they are in. */
const cities: Readonly<Record<string, string>> = {
  "Africa/Cairo": "Alexandria, Giza",
  "Africa/Casablanca": "Rabat, Marrakesh, Marrakech",
  "Africa/Johannesburg": "Cape Town, Durban, Pretoria",
  "Africa/Lagos": "Abuja",
  "Africa/Nairobi": "Mombasa",
  "America/Argentina/Buenos_Aires": "Rosario",
  "America/Bogota": "Medellín, Cali, Cartagena",
  "America/Chicago":
    "Houston, Dallas, Austin, San Antonio, New Orleans, Minneapolis, Milwaukee, St. Louis, Memphis, Nashville, Kansas City",
  "America/Denver": "Salt Lake City, Albuquerque, Santa Fe",
  "America/Edmonton": "Calgary",
  "America/Guatemala": "Guatemala City",
  "America/Havana": "La Habana",
  "America/Los_Angeles":
    "San Francisco, Seattle, San Diego, Las Vegas, Portland, Sacramento, San José, Oakland, Hollywood, Silicon Valley",
  "America/Mexico_City": "Guadalajara, Puebla, Ciudad de México",
  "America/New_York":
    "New York City, NYC, Manhattan, Brooklyn, Washington, Washington DC, Boston, Philadelphia, Miami, Atlanta, Baltimore, Pittsburgh, Cleveland, Orlando, Tampa, Charlotte",
  "America/Panama": "Panama City",
  "America/Puerto_Rico": "San Juan",
  "America/Sao_Paulo": "Rio de Janeiro, Rio, Brasília, Belo Horizonte, Porto Alegre, Curitiba",
  "America/Toronto": "Montréal, Ottawa, Québec, Quebec City",
  "Asia/Amman": "Petra",
  "Asia/Dubai": "Abu Dhabi",
  "Asia/Ho_Chi_Minh": "Ho Chi Minh City, Hanoi, Da Nang",
  "Asia/Jakarta": "Bandung, Surabaya",
  "Asia/Jerusalem": "Tel Aviv, Haifa",
  "Asia/Karachi": "Lahore, Islamabad",
  "Asia/Kathmandu": "Kathmandu",
  "Asia/Kolkata":
    "Kolkata, Mumbai, Bombay, Delhi, New Delhi, Bangalore, Bengaluru, Chennai, Hyderabad, Pune, Jaipur, Goa",
  "Asia/Makassar": "Bali, Denpasar",
  "Asia/Qatar": "Doha",
  "Asia/Riyadh": "Jeddah, Mecca, Medina",
  "Asia/Seoul": "Busan",
  "Asia/Shanghai": "Beijing, Peking, Shenzhen, Guangzhou, Chengdu, Wuhan, Hangzhou, Nanjing, Xi'an",
  "Asia/Tashkent": "Bukhara",
  "Asia/Tokyo": "Osaka, Kyoto, Yokohama, Nagoya, Sapporo, Hiroshima, Fukuoka, Kobe",
  "Asia/Yangon": "Yangon",
  "Australia/Brisbane": "Cairns, Gold Coast",
  "Australia/Sydney": "Canberra",
  "Europe/Amsterdam": "Rotterdam, The Hague, Den Haag, Utrecht",
  "Europe/Athens": "Thessaloniki",
  "Europe/Berlin":
    "Munich, München, Hamburg, Frankfurt, Cologne, Köln, Stuttgart, Düsseldorf, Leipzig, Dresden, Hanover, Nuremberg, Bremen",
  "Europe/Brussels": "Antwerp, Bruges, Ghent",
  "Europe/Dublin": "Cork",
  "Europe/Istanbul": "Ankara, Izmir",
  "Europe/Kyiv": "Kyiv, Lviv, Odesa, Kharkiv",
  "Europe/Lisbon": "Porto, Lisboa",
  "Europe/London":
    "Edinburgh, Glasgow, Manchester, Liverpool, Birmingham, Bristol, Leeds, Oxford, Cambridge, Belfast, Cardiff",
  "Europe/Madrid": "Barcelona, Valencia, Seville, Sevilla, Málaga, Bilbao",
  "Europe/Moscow": "Saint Petersburg, St. Petersburg, Sochi, Kazan",
  "Europe/Oslo": "Bergen, Trondheim",
  "Europe/Paris": "Marseille, Lyon, Nice, Toulouse, Bordeaux, Strasbourg, Lille, Cannes",
  "Europe/Prague": "Brno",
  "Europe/Rome": "Milan, Milano, Naples, Turin, Venice, Florence, Roma, Bologna, Palermo",
  "Europe/Stockholm": "Gothenburg, Göteborg, Malmö",
  "Europe/Vienna": "Salzburg, Graz, Innsbruck, Wien",
  "Europe/Warsaw": "Kraków, Gdańsk, Wrocław, Poznań, Łódź",
  "Europe/Zurich": "Geneva, Basel, Bern, Berne, Lausanne, Lucerne, Genève",
  "Pacific/Auckland": "Wellington, Christchurch, Queenstown",
  "Pacific/Honolulu": "Hawaii",
  UTC: "UTC, GMT, Zulu, Greenwich, Coordinated Universal Time",
};

export interface Place {
  place: string;
  zone: string;
}

let known: ReadonlyMap<string, Place> | undefined;

/** The time zone of a city or of an IANA zone's name, whatever its case and accents; undefined when it is not known. */
export function findZone(text: string): Place | undefined {
  known ??= knownPlaces();
  const name = text.trim();
  // In "Paris, France" the part after the comma only says where.
  return known.get(keyOf(name)) ?? zoneNamed(name) ?? known.get(keyOf(name.split(",")[0] ?? ""));
}

function knownPlaces(): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    const place = (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
    places.set(keyOf(place), { place, zone });
    places.set(keyOf(zone), { place: zone, zone });
  }
  for (const [zone, names] of Object.entries(cities)) {
    for (const place of names.split(", ")) places.set(keyOf(place), { place, zone });
  }
  return places;
}

/** Finds zones that are valid but not listed: old names and links, such as Asia/Kolkata, Japan or Etc/GMT+5. */
function zoneNamed(name: string): Place | undefined {
  try {
    const { timeZone } = Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return timeZone === "UTC" ? { place: "UTC", zone: timeZone } : { place: name, zone: name };
  } catch {
    return undefined;
  }
}

function keyOf(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replaceAll("ł", "l")
    .replaceAll("Ł", "L")
    .toLowerCase()
    .replace(/['’.]/g, "")
    .replace(/[\s_,-]+/g, " ")
    .trim();
}
