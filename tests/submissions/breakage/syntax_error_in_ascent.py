# A colon is missing in the ascent cell, so none of it runs: no images, and the plot finds nothing to draw.
# Network and training are right. An own cell that imports np_utils, gone from Keras, fails too, but the
# labels are one-hot already, so that costs nothing.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["syntax"]
#
# [cells]
# insert = {one_hot = "check_cnn"}
# ///

# %% cnn
conv_args = {"kernel_size": (3, 3), "activation": "relu", "padding": "same"}

model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(filters=16, name="conv2d", **conv_args))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(filters=16, name="conv2d_1", **conv_args))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(filters=32, name="conv2d_2", **conv_args))
model.add(layers.Conv2D(filters=64, name="conv2d_3", **conv_args))
model.add(layers.Flatten())
model.add(layers.Dropout(0.2))
model.add(layers.Dense(10, activation="softmax"))

# %% one_hot
# labels have to be one-hot
from keras.utils import np_utils

if y_train.ndim == 1:
    y_train = np_utils.to_categorical(y_train, 10)
    y_test = np_utils.to_categorical(y_test, 10)

# %% train
model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
loss, acc = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {acc:.3f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))

    for update in range(gradient_updates)
        with tf.GradientTape() as tape:
            maps = feature_model(input_img)
            loss = KTF.mean(maps[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for filter_index in range(number_of_filters):
    plt.subplot(8, 8, filter_index + 1)
    plt.imshow(deprocess_image(visualized_feature[filter_index].copy()).reshape(28, 28), cmap="gray")
    plt.title(f"feature {filter_index}")
    plt.axis("off")

plt.show()
