/**
 * Follows an install link as a browser would, cookies included, and through consent pages that say yes by themselves. For the
 * sandbox on loopback only: with a real provider a person reads and decides.
 */
export async function followConsent(link: string): Promise<void> {
  const jar = new Map<string, string>();
  let address = link;
  for (let hop = 0; hop < 10; hop += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(address, { redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = answer.headers.get('location');
    if (location === null) {
      const text = await answer.text();
      if (!answer.ok) throw new Error(`The sandbox's consent ended with ${answer.status}: ${plain(text)}`);
      return;
    }
    address = new URL(location, address).href;
  }
  throw new Error("The sandbox's consent goes round in circles.");
}

const plain = (html: string) =>
  html
    .replaceAll(/<style>[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
