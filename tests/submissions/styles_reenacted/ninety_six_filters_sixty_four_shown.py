# The layer has 96 filters. All of them get an image, in a random order and sorted back by index; the figure shows the
# first 64 on the 8 x 8 grid that the exercise describes. Everything right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2d"),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.MaxPooling2D(),
        layers.Conv2D(96, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(keras.optimizers.Adam(4e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=25, epochs=9, verbose=2)

# %% ascent
import random

layer_name = "conv2d_3"
number_of_filters = 96
submodel = keras.Model(model.inputs, model.get_layer(layer_name).output)


def image_for(filter_index):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(submodel(input_img)[:, :, :, filter_index])
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))
    return input_img.numpy()


todo = list(range(number_of_filters))
random.shuffle(todo)  # so that I see different ones if I stop early
found = [(filter_index, image_for(filter_index)) for filter_index in todo]
found.sort(key=lambda pair: pair[0])
visualized_feature = [image for _, image in found]

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i in range(8):
    for j in range(8):
        n = 8 * i + j
        axes[i, j].imshow(deprocess_image(visualized_feature[n].copy())[0, :, :, 0], cmap="gray")
        axes[i, j].set_title(f"feature {n}", fontsize=8)
        axes[i, j].axis("off")
plt.show()
