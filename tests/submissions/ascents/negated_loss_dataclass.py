# Thinks in losses to be made small: the loss is minus the mean activation, and the step is assign_sub. Two
# signs make a climb. Gradients are asked for with a list of sources; what is kept is a list of small
# dataclass objects.
#
# /// label
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d"))
model.add(layers.AveragePooling2D(2))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(36, 3, activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
from dataclasses import dataclass


@dataclass
class Feature:
    number: int
    picture: np.ndarray
    activation: float


layer_name = "conv2d_3"
number_of_filters = 36  # 6 x 6
visualized_feature = []

up_to = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(size=(1, 28, 28, 1)).astype("float32"))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            # minus, so that going DOWN in the loss means going UP in the activation
            loss = -tf.reduce_mean(up_to(input_img)[:, :, :, filter_index])
        grads = tape.gradient(loss, [input_img])[0]
        input_img.assign_sub(step_size * normalize(grads))
    visualized_feature.append(Feature(filter_index, input_img.numpy(), -float(loss)))

print("best filter:", max(visualized_feature, key=lambda f: f.activation).number)

# %% plot
figure = plt.figure(figsize=(10, 11))

for f in visualized_feature:
    ax = figure.add_subplot(6, 6, f.number + 1)
    ax.imshow(deprocess_image(f.picture.copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {f.number}")
    ax.set_xticks([])
    ax.set_yticks([])

plt.show()
