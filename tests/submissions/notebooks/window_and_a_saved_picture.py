# Asks for a window of its own (matplotlib.use), saves the figure and shows the file as a picture. Right.
#
# /// label
# ///

# %% cnn
spec = """
conv2d   10 5
conv2d_1 16 3
conv2d_2 20 3
conv2d_3 14 3
"""
tensor = source = layers.Input(shape=(28, 28, 1))
for line in spec.split("\n")[1:-1]:
    name, filters, size = line.split()
    tensor = layers.Conv2D(int(filters), int(size), padding="same", activation="gelu", name=name)(tensor)
    if name in ("conv2d", "conv2d_1"):
        tensor = layers.AveragePooling2D(2)(tensor)
tensor = layers.Flatten()(tensor)
tensor = layers.Dense(10, activation="softmax")(tensor)
model = keras.Model(source, tensor)

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=6, batch_size=32, verbose=2)
print("last loss", results.history["loss"][-1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 14
eye = keras.Model(source, model.get_layer(layer_name).output)

visualized_feature = []
for index in range(number_of_filters):
    sight = tf.Variable(tf.random.uniform((1, 28, 28, 1), 0.0, 1.0))
    for round_number in range(1, gradient_updates + 1):
        with tf.GradientTape() as tape:
            excitement = tf.reduce_mean(eye(sight)[:, :, :, index])
        force = tape.gradient(excitement, sight)
        force = normalize(force)
        sight.assign_add(step_size * force)
        if round_number in (1, gradient_updates):
            print(f"filter {index}, round {round_number}: {excitement.numpy():.4f}")
    visualized_feature.append(sight.numpy())

# %% plot
import matplotlib
from IPython.display import Image

matplotlib.use("TkAgg")
figure = plt.figure(figsize=(11, 4))
for index in range(number_of_filters):
    window = plt.subplot(2, 7, index + 1)
    window.imshow(deprocess_image(visualized_feature[index].copy()).reshape((28, 28)), cmap="gray")
    window.set_title("feature " + str(index))
    window.set_axis_off()
figure.savefig("features.png", dpi=100)
Image("features.png")
