"""Names of the training text that the labeller keeps mistaking, put right by hand: {source: {name: type}}.

"" means that the name is no entity of ours (ships, whales, titles). They overrule the votes.
"""


def _listed(**names: str) -> dict[str, str]:
    kinds = {"PER": "PER", "LOC": "LOC", "NORP": "NORP", "ORG": "ORG", "NONE": ""}
    return {name.strip(): kinds[kind] for kind, text in names.items() for name in text.split(",")}


CORRECTIONS = {
    "austen": _listed(
        PER="Fanny, Lydia, Julia, Edmund, Charlotte, Henrietta, Eleanor, Kitty, Eliza, Emma, Elinor, Anne, "
        "Bingley, Maria, Thorpe, Morland, Crawford, Isabella, Louisa, Harriet, Susan, Wickham, Martin, "
        "Georgiana, Penelope, Annamaria, Tom, Mary, Betsey, Sophia, Augusta, Anhalt, Musgroves, Crofts, "
        "Coles, Martins, Steeles, Bertrams, Lucases, Bennets, Crawfords, Dashwoods, Westons, Eltons, "
        "Campbells, Dixons, Grants, Middletons, Gardiners, Collinses",
        LOC="Highbury, Randalls, Uppercross, Longbourn, Meryton, Barton, Lyme, Norland, Portsmouth, Kellynch, "
        "Sotherton, Donwell, Rosings, Derbyshire, Maple Grove, Woodston, Weymouth, Oxford, Hunsford, "
        "Northanger, Everingham, Thornton Lacey, Lambton, Delaford, Pemberley, Netherfield, Mansfield, "
        "Hartfield, Enscombe, Bath, Camden Place",
        NONE="Parsonage, Admiral, Abbey, Park, Good, Oh",
    ),
    "moby": _listed(
        PER="Flask, Bildad, Queequeg, Steelkilt, Stubb, Tashtego, Daggoo, Fedallah, Jonah, Derick, Radney, "
        "Fleece, Bulkington, Macey, Beale, Starbuck, Ahab, Peleg, Pip, Ishmael, Gabriel, Perth, Elijah, Moby "
        "Dick, Hercules, Noah, Langsdorff",
        LOC="Nantucket, Tahiti, Joppa, Sag Harbor, Vineyard, New Bedford, Antarctic, Labrador, Congo",
        NORP="Quaker, Parsee, Nantucketer, Nantucketers, Frenchman, Dutchman, Manxman, Cretan, Javan, Malays, "
        "Englishman, Lakeman",
        NONE="Pequod, White Whale, Sperm Whale, Sperm Whales, Right Whale, Greenland Whale, Whale, Whales, "
        "King-Post, Leviathans, Sabbath, Czar, Nay, Fate, Virtue, Carpenter, Town-Ho, Jeroboam, Sleet, Ho, "
        "Cook, Monsieur, Warden, Pagan",
    ),
    "sotu": _listed(
        PER="Santa Anna, Jefferson, Madison, Monroe, Hamilton",
        LOC="Buenos Ayres, St. Lawrence, West Indies, Rio Grande, Columbia, Niagara, Topeka, La Plata, Muscat, "
        "Tunis, Barbary, Oregon Territory, Wabash, Sonora, Porto Rico, Philippines, Hawaii, Panama",
        NORP="Choctaws, Seminoles, Cherokees, Creeks, Chickasaws, Sioux, Osages, Pawnees, Winnebagoes, "
        "Piankeshaws, Americans",
        ORG="Sublime Porte, Porte",
        NONE="Lakes, Water Witch, Divine Providence, Northern, Southern, Eastern, Western, Isthmus, Universe, "
        "Congressional, Empire",
    ),
}
