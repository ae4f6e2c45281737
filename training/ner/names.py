"""Names for templates: persons and places of WordNet, and short lists of our own for what it lacks."""

import re
from dataclasses import dataclass

from gemma2_workbench.classification.words import listed
from training.sources import CACHE, fetch

PERSON_FILE, PLACE_FILES = "18", {"15", "17"}
_NAME = re.compile(
    r"^(?:[A-Z][\w'’.-]*|of|the|and|de|la|von|van|del)(?: (?:[A-Z][\w'’.-]*|of|the|and|de|la|von|van|del))*$"
)

FIRST_NAMES = listed("""
Aisha Alejandro Amara Amir Anjali Ayumi Beatriz Birgit Bongani Carlos Chiara Chinedu Daniela Darius Deepak Dmitri
Elena Emeka Esther Fadi Farah Francesca Gaurav Gulnara Hamza Hanna Hiroshi Ibrahim Ines Ivana Jamal Javier Jelena
Jing Joaquin Kamala Karim Katarina Keiko Kofi Kwame Lars Leila Lin Lorenzo Magda Mahmoud Malik Mateo Mei Mikhail
Mireille Nadine Ngozi Nikolai Nour Omar Oksana Paolo Pilar Rafael Rania Ravi Rosa Ruth Samira Sana Santiago Sergei
Shanti Sofia Stefan Sunita Svetlana Tariq Tendai Thabo Tunde Ulrike Valentina Vikram Wei Xiomara Yasmin Yusuf Zoltan
Adam Alice Andrew Barbara Brian Carol Charlotte Daniel David Emily Eric Frank Gloria Helen Henry Jack James Janet
Jessica Karen Kevin Laura Linda Lucy Martin Megan Michael Nancy Oliver Patrick Paul Peter Rachel Robert Sarah Simon
Susan Thomas Victoria William
""")
SURNAMES = listed("""
Abubakar Acharya Almeida Andersson Aziz Baptiste Becker Bianchi Boateng Castillo Chaudhry Chen Da-Silva Diallo
Dlamini Eriksen Fernandes Fischer Fofana Fujita Gomez Gupta Haddad Hashimoto Horvat Hussain Ibarra Ivanov Jansen
Jovanovic Kaplan Kaur Keita Kim Kowalski Kruger Kumar Larsen Lefebvre Li Lindqvist Lopez Mahlangu Malik Mbeki
Mendoza Mensah Moreau Mukherjee Musa Nakagawa Ndlovu Nguyen Novak Obi Okafor Ortega Osman Park Patel Pereira Popescu
Qureshi Ramirez Rao Reyes Rossi Sato Schneider Sharma Silva Singh Sow Suzuki Takahashi Tanaka Tran Traore Usman
Vasquez Vogel Wang Wu Yamamoto Yilmaz Zhang Zhou Zulu Allen Baker Bennett Brooks Carter Clark Collins Cooper Davies
Edwards Evans Foster Graham Griffin Hall Harris Hughes Jenkins Kelly Lewis Marshall Mitchell Morris Murphy Parker
Powell Reid Roberts Shaw Stewart Taylor Turner Walker Ward Wilson Wright
""")
NATIONALITIES = listed("""
Afghan Albanian Algerian American Argentine Armenian Australian Austrian Bangladeshi Belgian Bolivian Brazilian
British Bulgarian Cambodian Canadian Chilean Chinese Colombian Croatian Cuban Cypriot Czech Danish Dutch Ecuadorian
Egyptian English Estonian Ethiopian Filipino Finnish French Georgian German Ghanaian Greek Hungarian Icelandic
Indian Indonesian Iranian Iraqi Irish Israeli Italian Jamaican Japanese Jordanian Kenyan Korean Latvian Lebanese
Libyan Lithuanian Malaysian Mexican Moroccan Nepalese Nigerian Norwegian Pakistani Palestinian Peruvian Polish
Portuguese Romanian Russian Saudi Scottish Serbian Slovak Somali Spanish Sudanese Swedish Swiss Syrian Taiwanese
Thai Tunisian Turkish Ukrainian Vietnamese Welsh African Asian European Arab Basque Catalan Navajo Cherokee Sioux
Maori Zulu Soviet
""")
GROUPS = listed("""
Buddhists Catholics Christians Hindus Jews Lutherans Methodists Mormons Muslims Protestants Quakers Shiites Sikhs
Sunnis Communists Conservatives Democrats Liberals Marxists Republicans Socialists Whigs Americans Arabs Australians
Canadians Germans Greeks Indians Italians Mexicans Norwegians Russians Africans Europeans Egyptians Persians Turks
Poles Danes Vikings Normans Saxons Aztecs Incas Spaniards
""")
BELIEFS = listed("""
Buddhist Catholic Christian Hindu Islamic Jewish Lutheran Muslim Presbyterian Protestant Sunni Conservative
Democratic Republican Liberal Socialist Communist Marxist
""")
ORGANISATIONS = (
    """
Microsoft; Sony; Nokia; Volkswagen; Boeing; Airbus; Intel; Pfizer; Nestlé; Samsung; Honda; General Motors; Ford;
Walmart; Facebook; Twitter; Netflix; Tesla; Bayer; BP; Exxon; Barclays; HSBC; Deutsche Bank; Credit Suisse;
Lufthansa; Ryanair; British Airways; Manchester United; Real Madrid; Bayern Munich; Juventus; Ajax; Chelsea;
Greenpeace; Oxfam; Interpol; Hamas; Hezbollah; UNESCO; UNICEF; OPEC; NASDAQ; Harvard; Yale; MIT; Princeton; Oxford
University; CNN; Fox News; Bloomberg; Congress; Parliament; Al Qaeda; Cisco; Adobe; the European Union; the United
Nations; the World Bank; the Red Cross; the Senate; the House of Representatives; the Pentagon; the Supreme Court;
the Labour Party; the Republican Party; the Democratic Party; the Social Democrats; the Treasury; the International
Monetary Fund; the World Trade Organization; the BBC; the Associated Press; the Guardian; the New York Times; the
Washington Post; the FBI; the CIA; the Boston Celtics; the Chicago Bulls; the Dallas Cowboys; the Los Angeles
Lakers; the Vatican; the Salvation Army; the Catholic Church; the Taliban; the Royal Navy; the Air Force; the
Environmental Protection Agency; the Food and Drug Administration; the Securities and Exchange Commission; the
Smithsonian Institution; the European Central Bank; the Bank of England; the International Court of Justice
""".replace("\n", " ")
    .strip()
    .split("; ")
)


@dataclass(frozen=True)
class Names:
    """What templates are filled with: full names of persons, first and last names, places."""

    persons: list[str]
    first: list[str]
    last: list[str]
    places: list[str]


def _instances(line: str) -> tuple[str, list[str]] | None:
    """Lexicographer file and names of a WordNet noun line, if it is an instance (`@i`) of something."""
    if " @i " not in line:
        return None
    fields = line.split(" | ", 1)[0].split(" ")
    count = int(fields[3], 16)
    words = [fields[4 + 2 * at].replace("_", " ") for at in range(count)]
    return fields[1], [word for word in words if _NAME.match(word)]


def wordnet_names() -> Names:
    """Reads the names of persons and places out of WordNet's nouns."""
    path = fetch("wordnet", CACHE) / "usr/share/wordnet/data.noun"
    persons: set[str] = set()
    places: set[str] = set()
    for line in path.read_text(encoding="latin-1").splitlines():
        found = _instances(line)
        if found and found[0] == PERSON_FILE:
            persons.update(found[1])
        elif found and found[0] in PLACE_FILES:
            places.update(name for name in found[1] if len(name) > 3)
    states = ("Republic", "Kingdom", "Commonwealth", "State of")
    places = {name for name in places if not name.startswith(states) and "Republic" not in name}
    titled = ("Saint ", "Sir ", "King ", "Queen ", "Mrs. ", "Lady ")
    full = sorted(
        name for name in persons if 2 <= len(name.split()) <= 3 and " of " not in name and not name.startswith(titled)
    )
    plain = re.compile(r"^[A-Z][a-z]{2,}$")
    first = {name.split()[0] for name in full if plain.match(name.split()[0])}
    last = {name.split()[-1] for name in full if plain.match(name.split()[-1])}
    return Names(full, sorted(first) + 3 * FIRST_NAMES, sorted(last) + 3 * SURNAMES, sorted(places))
