# Calls deprocess_image on the finished image in the ascent cell, in place, and appends the array that it
# has changed: floats from 0 to 255. The climb before is right. With a progress bar of tqdm. The cell with
# deprocess_image was moved up for it. How many steps were taken cannot be told from such images.
#
# /// label
# updates = ["pass", "review"]
# [cells]
# move = {deprocess = "normalize"}
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d")(inputs)
x = layers.Conv2D(16, (3, 3), padding="same", activation="relu", strides=2, name="conv2d_1")(x)
x = layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_2")(x)
x = layers.Conv2D(64, (3, 3), padding="same", activation="relu", name="conv2d_3")(x)
x = layers.MaxPooling2D((2, 2))(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.25)(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
from tqdm import tqdm

layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

conv_model = keras.Model(inputs=inputs, outputs=model.get_layer(layer_name).output)


@tf.function
def get_grads(img, idx):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(conv_model(img)[:, :, :, idx])
    return normalize(tape.gradient(loss, img))


input_img = tf.Variable(tf.zeros((1, 28, 28, 1)))
for filter_index in tqdm(range(number_of_filters), desc="filters"):
    input_img.assign(np.random.uniform(0, 1, size=(1, 28, 28, 1)).astype("float32"))
    for update in range(gradient_updates):
        input_img.assign_add(step_size * get_grads(input_img, tf.constant(filter_index)))
    img = input_img.numpy()
    deprocess_image(img)
    visualized_feature.append(img)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(visualized_feature[i][0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
